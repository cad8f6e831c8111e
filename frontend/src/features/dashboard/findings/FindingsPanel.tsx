import { Button } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '@/api/types';
import { RequestError } from '@/components/RequestError';
import { Choice } from '@/components/choice/Choice';
import { Nothing, Panel } from '../Panel';
import { sortFindings } from './about';
import { FindingItem } from './FindingItem';
import styles from './findings.module.css';
import { LinkedFinding } from './LinkedFinding';
import { useOtherFindings, type FindingList, type FindingState } from './useFindings';

const STATES: FindingState[] = ['open', 'suspected', 'closed'];
/** More than this are folded away, so that the log below stays in reach. */
const FIRST_SHOWN = 8;

interface FindingsPanelProps {
  open: FindingList;
  nowMs: number;
  /** Whether there was a patrol at all: without one no finding means nothing. */
  hasPatrolled: boolean;
  /** The finding that a link leads to. */
  chosen: string | null;
  onChoose: (findingId: string | null) => void;
}

export function FindingsPanel({ open, ...shared }: FindingsPanelProps): ReactNode {
  const { t } = useTranslation();
  const [state, setState] = useState<FindingState>('open');
  return (
    <Panel title={t('dashboard.findings.title')} tools={<StateChoice state={state} onChange={setState} />}>
      {state === 'open' ? (
        <Findings list={open} state={state} {...shared} />
      ) : (
        <OtherFindings key={state} state={state} {...shared} />
      )}
    </Panel>
  );
}

function OtherFindings(props: Omit<FindingsProps, 'list'> & { state: 'suspected' | 'closed' }): ReactNode {
  return <Findings list={useOtherFindings(props.state)} {...props} />;
}

function StateChoice(props: { state: FindingState; onChange: (state: FindingState) => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <Choice
      label={t('dashboard.findings.stateLabel')}
      options={STATES.map((state) => ({ value: state, content: t(`dashboard.findings.state.${state}`) }))}
      value={props.state}
      onChange={props.onChange}
    />
  );
}

interface FindingsProps extends Omit<FindingsPanelProps, 'open'> {
  list: FindingList;
  state: FindingState;
}

function Findings(props: FindingsProps): ReactNode {
  const { t } = useTranslation();
  const { findings, error, reload } = props.list;
  if (findings === undefined) {
    if (error === null) return <p className={styles['hint']}>{t('app.loading')}</p>;
    return <RequestError title={t('dashboard.findings.loadFailed')} error={error} onRetry={reload} />;
  }
  const { chosen, nowMs, onChoose } = props;
  const isElsewhere = chosen !== null && !findings.some(({ id }) => id === chosen);
  return (
    <>
      {isElsewhere && <LinkedFinding findingId={chosen} nowMs={nowMs} onChoose={onChoose} />}
      {findings.length === 0 ? (
        <NoFindings state={props.state} hasPatrolled={props.hasPatrolled} />
      ) : (
        <Items {...props} findings={findings} />
      )}
    </>
  );
}

function Items({ findings, list, state, nowMs, chosen, onChoose }: FindingsProps & { findings: Finding[] }): ReactNode {
  const { t } = useTranslation();
  const [isWhole, setWhole] = useState(false);
  const sorted = state === 'closed' ? findings : sortFindings(findings, nowMs);
  const isFolded = !isWhole && !sorted.slice(FIRST_SHOWN).some(({ id }) => id === chosen);
  const shown = isFolded ? sorted.slice(0, FIRST_SHOWN) : sorted;
  return (
    <>
      <ul className={styles['list']}>
        {shown.map((finding) => (
          <FindingItem
            key={finding.id}
            finding={finding}
            nowMs={nowMs}
            isOpen={finding.id === chosen}
            onToggle={(isOpen) => {
              onChoose(isOpen ? finding.id : null);
            }}
          />
        ))}
      </ul>
      <div className={styles['more']}>
        {sorted.length > FIRST_SHOWN && (
          <Button
            size="small"
            onClick={() => {
              setWhole(isFolded);
            }}
          >
            {isFolded ? t('dashboard.findings.showAll', { count: sorted.length }) : t('dashboard.findings.showLess')}
          </Button>
        )}
        {list.hasMore && !isFolded && (
          <Button size="small" loading={list.isLoadingMore} onClick={list.loadMore}>
            {t('dashboard.findings.more')}
          </Button>
        )}
      </div>
    </>
  );
}

function NoFindings({ state, hasPatrolled }: { state: FindingState; hasPatrolled: boolean }): ReactNode {
  const { t } = useTranslation();
  if (state === 'suspected') return <Nothing title={t('dashboard.findings.noneSuspected')} />;
  if (state === 'closed') return <Nothing title={t('dashboard.findings.noneClosed')} />;
  return (
    <Nothing
      title={hasPatrolled ? t('dashboard.findings.none') : t('dashboard.patrol.never')}
      text={hasPatrolled ? t('dashboard.findings.noneText') : t('dashboard.findings.neverText')}
    />
  );
}
