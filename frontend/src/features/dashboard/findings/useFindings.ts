import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Finding } from '@/api/types';
import { findingsQuery } from '../queries';

export type FindingState = 'open' | 'suspected' | 'closed';

export interface FindingList {
  /** Undefined until there is an answer. */
  findings: Finding[] | undefined;
  error: Error | null;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
  reload: () => void;
}

/** Open findings, the critical ones complete before the first warning: pages are newest first. */
export function useOpenFindings(): FindingList {
  const critical = useInfiniteQuery(findingsQuery({ state: 'open', severity: 'critical' }));
  const warning = useInfiniteQuery(findingsQuery({ state: 'open', severity: 'warning' }));
  const findings = useMemo(() => {
    if (critical.data === undefined || warning.data === undefined) return undefined;
    return [...critical.data.pages, ...warning.data.pages].flatMap(({ items }) => items);
  }, [critical.data, warning.data]);
  const next = critical.hasNextPage ? critical : warning;
  return {
    findings,
    error: critical.error ?? warning.error,
    hasMore: critical.hasNextPage || warning.hasNextPage,
    isLoadingMore: next.isFetchingNextPage,
    loadMore: () => void next.fetchNextPage(),
    reload: () => {
      void critical.refetch();
      void warning.refetch();
    },
  };
}

/** Findings that are not open, newest first. */
export function useOtherFindings(state: Exclude<FindingState, 'open'>): FindingList {
  const query = useInfiniteQuery(findingsQuery({ state }));
  const findings = useMemo(() => query.data?.pages.flatMap(({ items }) => items), [query.data]);
  return {
    findings,
    error: query.error,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
    reload: () => void query.refetch(),
  };
}
