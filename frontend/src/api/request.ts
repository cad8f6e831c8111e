import { client } from './generated/client.gen';
import { RequestFailed, toRequestFailed } from './problem';
import { reportUnauthenticated } from './unauthenticated';

export interface Answer<T> {
  data?: T;
  error?: unknown;
  response?: Response;
}

/** The data of an answer; rejects with RequestFailed for everything else. */
export async function unwrap<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    throw RequestFailed.unreachable(error);
  }
  if (answer.response === undefined) throw RequestFailed.unreachable(answer.error);
  if (answer.response.status === 401) reportUnauthenticated();
  if (!answer.response.ok) throw toRequestFailed(answer.response, answer.error);
  return answer.data as T;
}

/** Errors and hints come back in the language the caller asks for. */
export function setRequestLanguage(language: string): void {
  client.setConfig({ headers: { 'Accept-Language': language } });
}
