/** The calls the application makes, each resolving to data or rejecting with RequestFailed. */
import { client } from './generated/client.gen';
import * as sdk from './generated/sdk.gen';
import { RequestFailed, toRequestFailed } from './problem';
import type { Approval, Health, MessagePage, Run, RunStarted, Session, SessionPage } from './types';

interface Answer<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    throw RequestFailed.unreachable(error);
  }
  if (answer.response === undefined) throw RequestFailed.unreachable(answer.error);
  if (!answer.response.ok) throw toRequestFailed(answer.response.status, answer.error);
  return answer.data as T;
}

/** Errors and hints come back in the language the caller asks for. */
export function setRequestLanguage(language: string): void {
  client.setConfig({ headers: { 'Accept-Language': language } });
}

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
export function startRun(sessionId: string, message: string): Promise<RunStarted> {
  return unwrap(
    client.post<{ 201: RunStarted }>({
      url: '/api/v2/sessions/{session_id}/runs',
      path: { session_id: sessionId },
      body: { message },
      headers: { 'Content-Type': 'application/json' },
    }),
  );
}

export function cancelRun(runId: string): Promise<Run> {
  return unwrap(sdk.cancelRun({ path: { run_id: runId } }));
}

export function decideApproval(
  approvalId: string,
  decision: { decision: 'approve' | 'reject'; reason?: string },
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
    : toRequestFailed(response.status, error);
}

function isHealth(body: unknown): body is Health {
  return typeof body === 'object' && body !== null && 'parts' in body;
}

export function exportUrl(sessionId: string, format: 'markdown' | 'json'): string {
  return `/api/v2/sessions/${encodeURIComponent(sessionId)}/export?format=${format}`;
}
