import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Message } from '@/api/types';
import { isMissing, messagesQuery, sessionQuery } from '../queries';
import { RunFollower, type LiveTurn } from './RunFollower';
import { findPendingApproval, followStart, joinPages, withLiveTurn } from './timeline';

const APPROVAL_REFRESH_MS = 4_000;

export interface Conversation {
  messages: Message[];
  isLoading: boolean;
  error: Error | null;
  live: LiveTurn | null;
  /** The run to stop, while one is going on. */
  activeRunId: string | null;
  hasOlder: boolean;
  isLoadingOlder: boolean;
  loadOlder: () => void;
  reload: () => void;
}

/** The messages of a session: what is stored, plus the tail of the run that is going on. */
export function useConversation(sessionId: string): Conversation {
  const queryClient = useQueryClient();
  const queryKey = messagesQuery(sessionId).queryKey;

  const [follower] = useState(
    () =>
      new RunFollower((forget) => {
        void queryClient.invalidateQueries({ queryKey: ['sessions'] });
        void queryClient.invalidateQueries({ queryKey: ['session', sessionId] });
        void queryClient.invalidateQueries({ queryKey: ['session-usage', sessionId] });
        void queryClient.invalidateQueries({ queryKey: ['grants', sessionId] });
        // Only when the stored message is there may the followed one go.
        void queryClient
          .refetchQueries({ queryKey }, { throwOnError: true })
          .then(forget, () => undefined);
      }),
  );
  const live = useSyncExternalStore(follower.subscribe, follower.snapshot);

  const query = useInfiniteQuery({
    ...messagesQuery(sessionId),
    refetchInterval: ({ state }) =>
      live === null && findPendingApproval(joinPages(state.data?.pages ?? []))
        ? APPROVAL_REFRESH_MS
        : false,
  });
  const pages = query.data?.pages;
  const newestPage = pages?.[0];

  const isFollowing = live !== null;
  useEffect(() => {
    const start = newestPage === undefined ? null : followStart(newestPage);
    if (start !== null) follower.follow(start);
    // Also when a followed run is let go of: the stored page may name it, or the next one.
  }, [follower, newestPage, isFollowing]);

  useEffect(
    () => () => {
      follower.stop();
    },
    [follower],
  );

  const reload = useCallback(() => {
    void queryClient.invalidateQueries({ queryKey: messagesQuery(sessionId).queryKey });
  }, [queryClient, sessionId]);
  const sessionError = useReloadOnChange(
    sessionId,
    live?.end === null ? live.runId : null,
    reload,
  );

  const stored = useMemo(() => joinPages(pages ?? []), [pages]);
  const messages = useMemo(() => withLiveTurn(stored, live), [stored, live]);
  const { fetchNextPage } = query;
  const loadOlder = useCallback(() => void fetchNextPage(), [fetchNextPage]);

  return {
    messages,
    isLoading: query.isPending,
    error: isMissing(sessionError) ? sessionError : query.error,
    live,
    activeRunId: live?.end === null ? live.runId : null,
    hasOlder: query.hasNextPage,
    isLoadingOlder: query.isFetchingNextPage,
    loadOlder,
    reload,
  };
}

/** Another tab, a bot or a schedule may write to the session: the session itself tells. */
function useReloadOnChange(
  sessionId: string,
  followedRunId: string | null,
  reload: () => void,
): Error | null {
  const { data: session, error } = useQuery(sessionQuery(sessionId));
  const known = useRef<string | null>(null);
  useEffect(() => {
    if (session === undefined) return;
    const mark = `${session.updated_at} ${String(session.message_count)} ${session.active_run_id ?? ''}`;
    const isNews = known.current !== null && known.current !== mark;
    known.current = mark;
    const isFollowed = session.active_run_id !== null && session.active_run_id === followedRunId;
    if (isNews && !isFollowed) reload();
  }, [session, followedRunId, reload]);
  return error;
}
