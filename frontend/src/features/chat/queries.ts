/* eslint-disable @typescript-eslint/explicit-module-boundary-types -- the options are typed by inference: their return types carry the key and the data */
/** Query keys and options of the chat, in one place so that invalidation hits what was cached. */
import {
  infiniteQueryOptions,
  queryOptions,
  type InfiniteData,
  type QueryClient,
} from '@tanstack/react-query';
import {
  getHealth,
  getSession,
  getUsage,
  listGrants,
  listMessages,
  listModels,
  listSessions,
} from '@/api/endpoints';
import { RequestFailed } from '@/api/problem';
import type { MessagePage, RunStarted } from '@/api/types';
import { withQuestion } from './turn/timeline';

const SESSIONS_REFRESH_MS = 5_000;
const SESSION_REFRESH_MS = 3_000;
const HEALTH_REFRESH_MS = 15_000;
const MODELS_REFRESH_MS = 30_000;
const MESSAGE_PAGE_SIZE = 40;

export function isMissing(error: Error | null): boolean {
  return error instanceof RequestFailed && error.status === 404;
}

export function sessionsQuery(search: string) {
  return infiniteQueryOptions({
    queryKey: ['sessions', search],
    queryFn: ({ pageParam }) =>
      listSessions({
        limit: 30,
        ...(search === '' ? {} : { query: search }),
        ...(pageParam === null ? {} : { cursor: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: SESSIONS_REFRESH_MS,
  });
}

/** Small and asked for often: tells that something changed in another tab or channel. */
export function sessionQuery(sessionId: string) {
  return queryOptions({
    queryKey: ['session', sessionId],
    queryFn: () => getSession(sessionId),
    // A session that was deleted elsewhere does not come back.
    refetchInterval: ({ state }) => (isMissing(state.error) ? false : SESSION_REFRESH_MS),
  });
}

export function messagesQuery(sessionId: string) {
  return infiniteQueryOptions({
    queryKey: ['messages', sessionId],
    queryFn: ({ pageParam }) =>
      listMessages(sessionId, {
        limit: MESSAGE_PAGE_SIZE,
        ...(pageParam === null ? {} : { before: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_before,
  });
}

export function healthQuery() {
  return queryOptions({
    queryKey: ['health'],
    queryFn: getHealth,
    refetchInterval: HEALTH_REFRESH_MS,
    retry: 1,
  });
}

export function modelsQuery() {
  return queryOptions({
    queryKey: ['models'],
    queryFn: listModels,
    // A model that was left alone for a while comes back.
    refetchInterval: MODELS_REFRESH_MS,
    staleTime: MODELS_REFRESH_MS,
  });
}

export function sessionUsageQuery(sessionId: string) {
  return queryOptions({
    queryKey: ['session-usage', sessionId],
    queryFn: () => getUsage({ session_id: sessionId }),
    staleTime: Infinity,
  });
}

/** Asked for when the run is over: then it does not change any more. */
export function runUsageQuery(runId: string) {
  return queryOptions({
    queryKey: ['run-usage', runId],
    queryFn: () => getUsage({ run_id: runId }),
    staleTime: Infinity,
  });
}

export function grantsQuery(sessionId: string) {
  return queryOptions({
    queryKey: ['grants', sessionId],
    queryFn: () => listGrants(sessionId),
    staleTime: Infinity,
  });
}

/** Shows the question and its run at once, in whichever page the session has open. */
export async function rememberQuestion(
  queryClient: QueryClient,
  started: RunStarted,
  text: string,
): Promise<void> {
  const { queryKey } = messagesQuery(started.session_id);
  await queryClient.cancelQueries({ queryKey });
  queryClient.setQueryData<InfiniteData<MessagePage, string | null>>(queryKey, (data) => {
    const [newest, ...older] = data?.pages ?? [];
    const page = withQuestion(newest, {
      text,
      turnId: started.turn_id,
      runId: started.run_id,
      now: new Date().toISOString(),
    });
    return { pages: [page, ...older], pageParams: data?.pageParams ?? [null] };
  });
  void queryClient.invalidateQueries({ queryKey: ['sessions'] });
}
