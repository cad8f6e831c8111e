import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { LogEntry, NumberedEntry } from '@/api/patrolLog';
import { LogFollower, type FollowedLog } from './LogFollower';

/** The live log; what it tells is asked for anew at once, instead of at the next turn. */
export function usePatrolLog(): FollowedLog {
  const queryClient = useQueryClient();
  const [follower] = useState(
    () =>
      new LogFollower((news) => {
        refresh(queryClient, news);
      }),
  );
  useEffect(() => {
    follower.start();
    return () => {
      follower.stop();
    };
  }, [follower]);
  return useSyncExternalStore(follower.subscribe, follower.snapshot);
}

/** Which cached answers an entry of the log makes old. */
const OUTDATED = new Map<string, readonly string[]>([
  ['run-started', ['patrol']],
  ['run-planned', ['patrol']],
  ['looked', ['patrol', 'hosts', 'clusters']],
  ['finding', ['patrol', 'findings', 'finding', 'hosts', 'clusters']],
  ['problem', ['patrol']],
  ['run-finished', ['patrol', 'hosts', 'clusters', 'findings', 'history', 'trend']],
] satisfies [LogEntry['type'], readonly string[]][]);

function refresh(queryClient: QueryClient, news: readonly NumberedEntry[]): void {
  // A newer server may write entries that this page does not know.
  const keys = new Set(news.flatMap(({ entry }) => OUTDATED.get(entry.type) ?? []));
  for (const key of keys) void queryClient.invalidateQueries({ queryKey: [key] });
}
