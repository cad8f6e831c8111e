import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from '@/components/CopyButton';
import { useLocalText } from '@/components/data/useLocalText';
import { readLocalText, toStrings, toText, type JsonObject, type LocalText } from '@/components/data/toolResult';
import styles from './results.module.css';

interface ChangeOutcome {
  status: string;
  objects: string[];
  message: LocalText;
  outcome: string | null;
  undo: string | null;
}

/** Reads what a change tool reports; the scaling tool names its one object by parts. */
export function readChange(result: JsonObject): ChangeOutcome {
  const name = [toText(result['namespace']), toText(result['name'])].filter((part) => part !== null).join('/');
  const objects = toStrings(result['objects']);
  return {
    status: toText(result['status']) ?? '',
    objects: objects.length > 0 || name === '' ? objects : [name],
    message: readLocalText({ en: result['message'], zh: result['message_zh'] }),
    outcome: toText(result['outcome']),
    undo: toText(result['undo']),
  };
}

const STATES = ['done', 'scaled', 'partial', 'unchanged', 'declined', 'needs_approval'] as const;
const TONES: Record<string, string> = { done: 'ok', scaled: 'ok', partial: 'danger', declined: 'warning', needs_approval: 'warning' };

const OUTCOMES = {
  complete: 'ok',
  progressing: 'accent',
  failing: 'danger',
  waiting: 'warning',
  gone: 'ok',
  unknown: 'warning',
} as const;

function isKnown(outcome: string): outcome is keyof typeof OUTCOMES {
  return Object.hasOwn(OUTCOMES, outcome);
}

/** What the watch after the change has seen. */
function Outcome({ outcome }: { outcome: string }): ReactNode {
  const { t } = useTranslation();
  if (!isKnown(outcome)) return <span>{outcome}</span>;
  return <span data-tone={OUTCOMES[outcome]}>{t(`result.outcome.${outcome}`)}</span>;
}

/** What came of a change, and the way back. */
export function ChangeView({ change }: { change: ChangeOutcome }): ReactNode {
  const { t } = useTranslation();
  const inLanguage = useLocalText();
  const { status, objects, outcome, undo } = change;
  const known = STATES.find((state) => state === status);
  const message = inLanguage(change.message);
  return (
    <div className={styles['result']}>
      <p className={styles['pills']}>
        <span data-tone={TONES[status]}>{known === undefined ? status : t(`result.changeState.${known}`)}</span>
        {outcome !== null && <Outcome outcome={outcome} />}
        {objects.map((object) => (
          <code key={object}>{object.replace('//', '/')}</code>
        ))}
      </p>
      {message !== '' && <p className={styles['message']}>{message}</p>}
      {undo !== null && (
        <div>
          <span className={styles['label']}>{t('approval.undo')}</span>
          <div className={styles['command']}>
            <pre>{undo}</pre>
            <CopyButton text={undo} label={t('result.copyCommand')} />
          </div>
        </div>
      )}
    </div>
  );
}
