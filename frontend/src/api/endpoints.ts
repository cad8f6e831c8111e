/** The calls the application makes, each resolving to data or rejecting with RequestFailed. */
import { client } from './generated/client.gen';
import * as sdk from './generated/sdk.gen';
import { RequestFailed, toRequestFailed } from './problem';
import { unwrap, type Answer } from './request';
import type {
  Approval,
  Decision,
  Grant,
  Health,
  Me,
  MessagePage,
  Model,
  Run,
  RunStarted,
  Session,
  SessionPage,
  UsageSummary,
} from './types';

export function listSessions(query: {
  query?: string;
  cursor?: string;
  limit?: number;
}): Promise<SessionPage> {
  return unwrap(sdk.listSessions({ query }));
}

export function createSession(): Promise<Session> {
  return unwrap(sdk.createSession({ body: {} }));
}

export function getSession(sessionId: string): Promise<Session> {
  return unwrap(sdk.getSession({ path: { session_id: sessionId } }));
}

export function renameSession(sessionId: string, title: string): Promise<Session> {
  return unwrap(sdk.renameSession({ path: { session_id: sessionId }, body: { title } }));
}

export async function deleteSession(sessionId: string): Promise<void> {
  await unwrap<unknown>(sdk.deleteSession({ path: { session_id: sessionId } }));
}

export function listMessages(
  sessionId: string,
  query: { before?: string; limit?: number },
): Promise<MessagePage> {
  return unwrap(sdk.listMessages({ path: { session_id: sessionId }, query }));
}

/** The generated function would ask for the event stream, which this path can also answer with. */
export function startRun(
  sessionId: string,
  question: { message: string; model?: string },
): Promise<RunStarted> {
  return unwrap(
    client.post<{ 201: RunStarted }>({
      url: '/api/v2/sessions/{session_id}/runs',
      path: { session_id: sessionId },
      body: question,
      headers: { 'Content-Type': 'application/json' },
    }),
  );
}

export function cancelRun(runId: string): Promise<Run> {
  return unwrap(sdk.cancelRun({ path: { run_id: runId } }));
}

export function decideApproval(
  approvalId: string,
  decision: Decision,
): Promise<{ approval: Approval; run_id: string }> {
  return unwrap(sdk.decideApproval({ path: { approval_id: approvalId }, body: decision }));
}

/** A backend that cannot serve answers 503 with the same body; that is an answer, not a failure. */
export async function getHealth(): Promise<Health> {
  const { data, error, response } = (await sdk.getHealth()) as Answer<Health>;
  if (data !== undefined) return data;
  if (isHealth(error)) return error;
  throw response === undefined
    ? RequestFailed.unreachable(error)
    : toRequestFailed(response, error);
}

function isHealth(body: unknown): body is Health {
  return typeof body === 'object' && body !== null && 'parts' in body;
}

export function exportUrl(sessionId: string, format: 'markdown' | 'json'): string {
  return `/api/v2/sessions/${encodeURIComponent(sessionId)}/export?format=${format}`;
}

export async function listGrants(sessionId: string): Promise<Grant[]> {
  return (await unwrap(sdk.listGrants({ path: { session_id: sessionId } }))).items;
}

export async function revokeGrant(
  sessionId: string,
  grant: { tool: string; remember_key: string },
): Promise<Grant[]> {
  const { tool, remember_key } = grant;
  const call = sdk.revokeGrants({ path: { session_id: sessionId }, query: { tool, remember_key } });
  return (await unwrap(call)).items;
}

export async function listModels(): Promise<Model[]> {
  return (await unwrap(sdk.listModels())).items;
}

export function getUsage(query: { session_id: string } | { run_id: string }): Promise<UsageSummary> {
  return unwrap(sdk.getUsage({ query }));
}

export function getMe(): Promise<Me> {
  return unwrap(sdk.getMe());
}

export async function logOut(): Promise<void> {
  await unwrap<unknown>(sdk.logOut());
}
