import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ClusterOverview, ClusterOverviewList, Tally } from '@/api/types';
import { RequestError } from '@/components/RequestError';
import { formatPercent } from '@/components/format';
import { Meter } from '../Meter';
import { Nothing, Panel } from '../Panel';
import { formatSpan, inLanguage } from '../units';
import styles from './clusters.module.css';
import { toneOfState } from './toneOfState';

const SHOWN_NODES = 8;
/** An overview is at most ten seconds old while its cluster answers. */
const STALE_AFTER_MS = 60_000;

interface ClustersPanelProps {
  list: ClusterOverviewList | undefined;
  error: Error | null;
  onRetry: () => void;
  nowMs: number;
}

export function ClustersPanel({ list, error, onRetry, nowMs }: ClustersPanelProps): ReactNode {
  const { t } = useTranslation();
  return (
    <Panel title={t('dashboard.clusters.title')}>
      {list === undefined && error !== null && (
        <RequestError title={t('dashboard.clusters.loadFailed')} error={error} onRetry={onRetry} />
      )}
      {list === undefined && error === null && <p className={styles['hint']}>{t('app.loading')}</p>}
      {list?.items.length === 0 && (
        <Nothing title={t('dashboard.clusters.none')} text={t('dashboard.clusters.noneText')} />
      )}
      {list?.items.map((cluster) => <Cluster key={cluster.id} cluster={cluster} nowMs={nowMs} />)}
    </Panel>
  );
}

function Cluster({ cluster, nowMs }: { cluster: ClusterOverview; nowMs: number }): ReactNode {
  const { t } = useTranslation();
  const ageMs = cluster.read_at === null ? null : nowMs - Date.parse(cluster.read_at);
  const isStale = ageMs !== null && ageMs > STALE_AFTER_MS;
  return (
    <article className={styles['cluster']} data-stale={isStale || undefined}>
      <div className={styles['head']}>
        <h3>{cluster.name}</h3>
        <FindingCounts cluster={cluster} />
        <span className={styles['faint']}>
          <Diagnosed cluster={cluster} nowMs={nowMs} />
        </span>
        {isStale && (
          <span className={styles['stale']}>{t('dashboard.clusters.stale', { span: formatSpan(ageMs, t) })}</span>
        )}
      </div>
      <div className={styles['tallies']}>
        <StateTally what={t('dashboard.clusters.nodes')} tally={cluster.nodes} isWaited={cluster.read_at === null} />
        <StateTally what={t('dashboard.clusters.pods')} tally={cluster.pods} isWaited={cluster.read_at === null} />
      </div>
      <Nodes cluster={cluster} />
      <Unknown cluster={cluster} />
    </article>
  );
}

function FindingCounts({ cluster: { critical, warnings, diagnosis } }: { cluster: ClusterOverview }): ReactNode {
  const { t } = useTranslation();
  // Without a diagnosis no finding means nothing.
  if (critical + warnings === 0) {
    return diagnosis?.state === 'read' ? (
      <span className={styles['count']} data-tone="ok">
        {t('dashboard.clusters.healthy')}
      </span>
    ) : null;
  }
  return (
    <span className={styles['count']} data-tone={critical > 0 ? 'critical' : 'warning'}>
      {t('dashboard.clusters.findings', { critical, warnings })}
    </span>
  );
}

function Diagnosed({ cluster: { diagnosis }, nowMs }: { cluster: ClusterOverview; nowMs: number }): ReactNode {
  const { t } = useTranslation();
  if (diagnosis === null) return t('dashboard.clusters.notDiagnosed');
  return t('dashboard.clusters.diagnosed', { span: formatSpan(nowMs - Date.parse(diagnosis.looked_at), t) });
}

interface StateTallyProps {
  what: string;
  tally: Tally | null;
  /** Whether the first answer is still on its way. */
  isWaited: boolean;
}

/** How many there are, cut into their states. */
function StateTally({ what, tally, isWaited }: StateTallyProps): ReactNode {
  const { t } = useTranslation();
  if (tally === null) {
    return (
      <div className={styles['tally']} data-unknown>
        <span className={styles['what']}>{what}</span>
        <b>{isWaited ? t('dashboard.clusters.waiting') : t('dashboard.clusters.unknown')}</b>
        <div className={styles['stack']} />
      </div>
    );
  }
  const states = Object.entries(tally.by_state).sort(([, a], [, b]) => b - a);
  return (
    <div className={styles['tally']}>
      <span className={styles['what']}>{what}</span>
      <b>{tally.total}</b>
      {tally.abnormal > 0 && (
        <span className={styles['abnormal']}>{t('dashboard.clusters.abnormal', { count: tally.abnormal })}</span>
      )}
      <div className={styles['stack']} aria-hidden>
        {states.map(([state, count]) => (
          <div key={state} data-tone={toneOfState(state)} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul className={styles['states']}>
        {states.map(([state, count]) => (
          <li key={state} data-tone={toneOfState(state)}>
            {state} <b>{count}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Nodes({ cluster }: { cluster: ClusterOverview }): ReactNode {
  const { t, i18n } = useTranslation();
  const { shown_nodes: nodes } = cluster;
  if (nodes.length === 0) return null;
  const hidden = (cluster.nodes?.total ?? nodes.length) - Math.min(SHOWN_NODES, nodes.length);
  const [cpu, memory] = [t('dashboard.hosts.cpu'), t('dashboard.hosts.memory')];
  return (
    <ul className={styles['nodes']} aria-label={t('dashboard.clusters.nodes')}>
      {nodes.slice(0, SHOWN_NODES).map((node) => (
        <li key={node.name}>
          <span className={styles['node']}>{node.name}</span>
          <span className={styles['nodeState']} data-tone={toneOfState(node.state)}>
            {node.condition_title === null ? node.state : inLanguage(node.condition_title, i18n.language)}
          </span>
          <NodeMeter name={node.name} what={cpu} ratio={node.cpu} />
          <NodeMeter name={node.name} what={memory} ratio={node.memory} />
        </li>
      ))}
      {hidden > 0 && <li className={styles['faint']}>{t('dashboard.clusters.moreNodes', { count: hidden })}</li>}
    </ul>
  );
}

function NodeMeter({ name, what, ratio }: { name: string; what: string; ratio: number | null }): ReactNode {
  const { t } = useTranslation();
  const notKnown = t('dashboard.clusters.unknown');
  return (
    <span className={styles['nodeMeter']}>
      <span>
        {what} {ratio === null ? notKnown : formatPercent(ratio)}
      </span>
      <Meter label={t('dashboard.clusters.ofNode', { name, what })} ratio={ratio} tone="ok" notKnown={notKnown} />
    </span>
  );
}

/** What could not be read, now or when it was diagnosed: that part is not healthy but unknown. */
function Unknown({ cluster: { unknown, diagnosis } }: { cluster: ClusterOverview }): ReactNode {
  const { t } = useTranslation();
  const lines = Object.entries(unknown).map(([part, reason]) =>
    t('dashboard.clusters.unknownPart', {
      part: t(`dashboard.clusters.part.${part}` as 'dashboard.clusters.part.pods', { defaultValue: part }),
      reason,
    }),
  );
  if (diagnosis !== null && diagnosis.state !== 'read') {
    lines.push(`${t(`dashboard.clusters.diagnosis.${diagnosis.state}`)}: ${diagnosis.reason}`);
  } else if (diagnosis !== null && diagnosis.reason !== '') {
    lines.push(t('dashboard.clusters.partly', { reason: diagnosis.reason }));
  }
  if (lines.length === 0) return null;
  return (
    <ul className={styles['unknown']}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
