import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { HostList } from '@/api/types';
import { PageLayout } from '@/components/layout/PageLayout';
import { RequestError } from '@/components/RequestError';
import { dashboard as texts } from '@/i18n/pages/dashboard';
import { usePageTexts } from '@/i18n/pages/usePageTexts';
import styles from './board.module.css';
import { ClustersPanel } from './clusters/ClustersPanel';
import { FindingsPanel } from './findings/FindingsPanel';
import { useOpenFindings } from './findings/useFindings';
import { HostsPanel } from './hosts/HostsPanel';
import { judgeHost, type Condition, type JudgedHost } from './hosts/judgeHost';
import { LogNews, LogPanel } from './patrol/LogPanel';
import { usePatrolLog } from './patrol/usePatrolLog';
import { clustersQuery, hostsQuery, isFirstLook, patrolQuery } from './queries';
import { SummaryStrip } from './SummaryStrip';
import { useServerNow } from './useServerNow';

const HostDrawer = lazy(() => import('./hosts/HostDrawer'));

/** Samples that may fail in a row before figures count as out of date. */
const MISSED_SAMPLES = 3;

export default function DashboardPage(): ReactNode {
  usePageTexts('dashboard', texts);
  const { t } = useTranslation();
  return (
    <PageLayout title={t('dashboard.title')} isWide>
      <Board />
    </PageLayout>
  );
}

function Board(): ReactNode {
  const log = usePatrolLog();
  const patrol = useQuery(patrolQuery());
  const hosts = useQuery(hostsQuery());
  const clusters = useQuery(clustersQuery());
  const open = useOpenFindings();
  const answers = useQueryClient().getQueryState(hostsQuery().queryKey)?.dataUpdateCount ?? 0;
  const nowMs = useServerNow(hosts.data?.now, hosts.dataUpdatedAt);
  const judged = useJudgedHosts(hosts.data, nowMs);
  const [filter, setFilter] = useState<Condition | null>(null);
  const place = usePlace();
  const findings = open.findings ?? [];

  return (
    <div className={styles['board']}>
      <LogNews log={log} />
      <RefreshState patrol={patrol} hosts={hosts} clusters={clusters} />
      <SummaryStrip status={patrol.data} judged={judged} nowMs={nowMs} onFilter={setFilter} />
      <div className={styles['columns']}>
        <div className={styles['column']}>
          <FindingsPanel
            open={open}
            nowMs={nowMs}
            hasPatrolled={patrol.data?.last != null}
            chosen={place.finding}
            onChoose={place.openFinding}
          />
          <ClustersPanel
            list={clusters.data}
            error={clusters.error}
            onRetry={() => void clusters.refetch()}
            nowMs={nowMs}
          />
          <LogPanel log={log} onFinding={place.openFinding} />
        </div>
        <div className={styles['column']}>
          <HostsPanel
            list={hosts.data}
            judged={judged}
            isFirstLook={isFirstLook(hosts.data, answers)}
            error={hosts.error}
            onRetry={() => void hosts.refetch()}
            findings={findings}
            filter={filter}
            onFilter={setFilter}
            onOpen={place.openHost}
          />
        </div>
      </div>
      {place.host !== null && (
        <Suspense>
          <HostDrawer
            key={place.host}
            hostId={place.host}
            metric={place.metric}
            findings={findings.filter(({ target }) => target.kind === 'host' && target.id === place.host)}
            nowMs={nowMs}
            onClose={place.closeHost}
            onFinding={place.openFinding}
          />
        </Suspense>
      )}
    </div>
  );
}

function useJudgedHosts(list: HostList | undefined, nowMs: number): JudgedHost[] {
  return useMemo(() => {
    if (list === undefined) return [];
    const staleAfterMs = list.sample_seconds * MISSED_SAMPLES * 1000;
    return list.items.map((host) => judgeHost(host, { nowMs, staleAfterMs }));
  }, [list, nowMs]);
}

interface Refreshed {
  data: unknown;
  error: Error | null;
  isRefetchError: boolean;
  refetch: () => unknown;
}

/** What was read stays in sight while the backend is away, and the reader is told that it is old. */
function RefreshState(parts: Record<'patrol' | 'hosts' | 'clusters', Refreshed>): ReactNode {
  const { t } = useTranslation();
  const { patrol } = parts;
  if (patrol.data === undefined && patrol.error !== null) {
    return (
      <RequestError
        title={t('dashboard.patrol.loadFailed')}
        error={patrol.error}
        onRetry={() => void patrol.refetch()}
      />
    );
  }
  if (!Object.values(parts).some(({ isRefetchError }) => isRefetchError)) return null;
  return (
    <p role="status" className={styles['outdated']}>
      {t('dashboard.refreshFailed')}
    </p>
  );
}

interface Place {
  host: string | null;
  metric: string | null;
  finding: string | null;
  openHost: (hostId: string, metric?: string) => void;
  closeHost: () => void;
  openFinding: (findingId: string | null) => void;
}

/** What is open stands in the address, so that it can be shared and survives a reload. */
function usePlace(): Place {
  const [params, setParams] = useSearchParams();
  return useMemo(() => {
    const go = (change: (next: URLSearchParams) => void): void => {
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          change(next);
          return next;
        },
        { replace: true },
      );
    };
    return {
      host: params.get('host'),
      metric: params.get('metric'),
      finding: params.get('finding'),
      openHost: (hostId, metric) => {
        go((next) => {
          next.set('host', hostId);
          if (metric === undefined) next.delete('metric');
          else next.set('metric', metric);
        });
      },
      closeHost: () => {
        go((next) => {
          next.delete('host');
          next.delete('metric');
        });
      },
      openFinding: (findingId) => {
        go((next) => {
          next.delete('host');
          next.delete('metric');
          if (findingId === null) next.delete('finding');
          else next.set('finding', findingId);
        });
      },
    };
  }, [params, setParams]);
}
