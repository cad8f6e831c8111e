/* eslint-disable @typescript-eslint/explicit-module-boundary-types -- the options are typed by inference: their return types carry the key and the data */
/** Query keys and options of the dashboard, in one place so that the log's news hits what was cached. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import {
  getFinding,
  getHost,
  getHostHistory,
  getPatrol,
  getTrend,
  listClusters,
  listFindings,
  listHosts,
  type FindingQuery,
} from '@/api/watching';
import type { HostList } from '@/api/types';

/** Asking for the hosts is what makes the backend look at them often. */
const HOSTS_REFRESH_MS = 10_000;
/** The first question makes the backend look; until it has, the answers are empty. */
const FIRST_LOOK_REFRESH_MS = 2_000;
const FIRST_LOOK_ANSWERS = 6;
const CLUSTERS_REFRESH_MS = 15_000;
const PATROL_REFRESH_MS = 15_000;
const RUNNING_REFRESH_MS = 2_000;
/** The log tells at once what changes; this catches what it could not. */
const FINDINGS_REFRESH_MS = 30_000;
const HISTORY_REFRESH_MS = 300_000;
const DETAIL_REFRESH_MS = 30_000;
const FINDING_PAGE_SIZE = 200;
const CARD_METRICS = ['cpu', 'memory', 'load', 'disk'];
const CARD_POINTS = 144;
const CHART_POINTS = 400;

export function hostsQuery() {
  return queryOptions({
    queryKey: ['hosts'],
    queryFn: listHosts,
    refetchInterval: ({ state }) =>
      isFirstLook(state.data, state.dataUpdateCount) ? FIRST_LOOK_REFRESH_MS : HOSTS_REFRESH_MS,
  });
}

/** Whether hosts may still come: nobody has looked at them since the backend began. */
export function isFirstLook(list: HostList | undefined, answers: number): boolean {
  return list?.items.length === 0 && answers < FIRST_LOOK_ANSWERS;
}

export function hostQuery(hostId: string) {
  return queryOptions({
    queryKey: ['host', hostId],
    queryFn: () => getHost(hostId),
    refetchInterval: DETAIL_REFRESH_MS,
  });
}

/** The last 24 hours of a host, as coarse as its card shows them. */
export function cardHistoryQuery(hostId: string) {
  return queryOptions({
    queryKey: ['history', hostId, 'card'],
    queryFn: () => getHostHistory(hostId, { metric: CARD_METRICS, points: CARD_POINTS }),
    staleTime: HISTORY_REFRESH_MS,
    refetchInterval: HISTORY_REFRESH_MS,
  });
}

/** Everything that is kept of a host over some hours. */
export function historyQuery(hostId: string, hours: number) {
  return queryOptions({
    queryKey: ['history', hostId, hours],
    queryFn: () =>
      getHostHistory(hostId, {
        since: new Date(Date.now() - hours * 3_600_000).toISOString(),
        points: CHART_POINTS,
      }),
    refetchInterval: DETAIL_REFRESH_MS * 2,
  });
}

export function clustersQuery() {
  return queryOptions({ queryKey: ['clusters'], queryFn: listClusters, refetchInterval: CLUSTERS_REFRESH_MS });
}

export function patrolQuery() {
  return queryOptions({
    queryKey: ['patrol'],
    queryFn: getPatrol,
    refetchInterval: ({ state }) =>
      state.data?.running == null ? PATROL_REFRESH_MS : RUNNING_REFRESH_MS,
  });
}

export function findingsQuery(wanted: Pick<FindingQuery, 'state' | 'severity'>) {
  return infiniteQueryOptions({
    queryKey: ['findings', wanted.state, wanted.severity ?? 'any'],
    queryFn: ({ pageParam }) =>
      listFindings({
        ...wanted,
        limit: FINDING_PAGE_SIZE,
        ...(pageParam === null ? {} : { before: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
    refetchInterval: FINDINGS_REFRESH_MS,
  });
}

export function findingQuery(findingId: string) {
  return queryOptions({ queryKey: ['finding', findingId], queryFn: () => getFinding(findingId) });
}

export function trendQuery(about: { target: string; check: string; subject: string }) {
  return queryOptions({
    queryKey: ['trend', about.target, about.check, about.subject],
    queryFn: () => getTrend(about),
  });
}
