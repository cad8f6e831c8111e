import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/CopyButton';
import { LogView } from '@/components/data/LogView';
import { ObjectView } from '@/components/data/ObjectView';
import { ProblemList } from '@/components/data/ProblemList';
import { ResultTable } from '@/components/data/ResultTable';
import { readLogs, readProblems, readTable, type JsonObject } from '@/components/data/toolResult';
import { Choice } from '@/components/choice/Choice';
import { viewOfKind } from '../results/viewOfKind';
import styles from './ToolCallCard.module.css';

interface ToolResultProps {
  name: string;
  structured: JsonObject | null;
  text: string | null;
  isEmptyWorthSaying: boolean;
}

interface View {
  key: 'viewTable' | 'viewLogs' | 'viewDetails' | 'viewText' | 'viewJson';
  content: ReactNode;
  /** What the copy button takes. */
  source: string;
}

export function ToolResult(props: ToolResultProps): ReactNode {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<View['key'] | null>(null);
  const views = viewsOf(props);
  const view = views.find(({ key }) => key === chosen) ?? views[0];
  if (view === undefined) {
    if (!props.isEmptyWorthSaying) return null;
    return <p className={styles['waiting']}>{t('tool.noResult')}</p>;
  }
  return (
    <div>
      {props.structured !== null && <ProblemList problems={readProblems(props.structured)} />}
      <div className={styles['resultBar']}>
        <Choice
          label={t('tool.view')}
          options={views.map(({ key }) => ({ value: key, content: t(`tool.${key}`) }))}
          value={view.key}
          onChange={setChosen}
        />
        <CopyButton text={view.source} label={t('tool.copyResult')} />
      </div>
      {view.content}
    </div>
  );
}

function viewsOf({ name, structured, text }: ToolResultProps): View[] {
  const views: View[] = [];
  if (structured !== null) {
    const json = JSON.stringify(structured, null, 2);
    views.push(mainView(name, structured, text ?? json));
    views.push({ key: 'viewJson', content: <Raw text={json} />, source: json });
  }
  if (text !== null && text !== '') {
    views.push({ key: 'viewText', content: <Raw text={text} />, source: text });
  }
  return views;
}

function mainView(name: string, structured: JsonObject, source: string): View {
  const view = viewOfKind(structured);
  if (view !== null) return { key: 'viewDetails', content: view, source };
  const table = readTable(structured);
  if (table !== null) {
    return { key: 'viewTable', content: <ResultTable table={table} label={name} />, source };
  }
  const logs = readLogs(structured);
  if (logs !== null) {
    return { key: 'viewLogs', content: <LogView logs={logs} />, source: logs.lines.join('\n') };
  }
  return { key: 'viewDetails', content: <ObjectView value={structured} />, source };
}

function Raw({ text }: { text: string }): ReactNode {
  const { t } = useTranslation();
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard
    <pre className={styles['raw']} role="group" aria-label={t('tool.result')} tabIndex={0}>
      {text}
    </pre>
  );
}
