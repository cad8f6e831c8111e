import { isTerminal, type RunEvent } from './runEvents';
import { SseParser } from './sseParser';
import { reportUnauthenticated } from './unauthenticated';

export interface NumberedEvent {
  seq: number;
  event: RunEvent;
}

/** Why following ended: the run is over, the server will never serve this log, or has no more of it. */
export type FollowEnd =
  | { kind: 'terminal' }
  | { kind: 'refused'; status: number }
  | { kind: 'exhausted' };

/** What every numbered stream is followed with. */
interface Following {
  /** `retryInMs` is null while connected. */
  onConnection?: (retryInMs: number | null) => void;
  signal: AbortSignal;
  fetch?: typeof globalThis.fetch;
  random?: () => number;
}

export interface FollowOptions extends Following {
  runId: string;
  /** Sequence number of the last event already known. */
  after: number;
  onEvent: (event: NumberedEvent) => void;
}

export interface StreamOptions extends Following {
  /** Where to read what comes after a number; null where nothing is known yet. */
  url: (after: number | null) => string;
  after: number | null;
  /** Takes one event; true when it was the last one. */
  onData: (seq: number, data: string) => boolean;
  /** Whether a stream that closes in good order without a word, twice, has nothing more to say. */
  canRunDry: boolean;
}

/** The server sends a comment every 15 s; three missed ones mean a dead connection. */
export const SILENCE_LIMIT_MS = 45_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const EMPTY_READS_TO_GIVE_UP = 2;
const FINAL_STATUSES = new Set([400, 401, 403, 404, 410]);

/** Doubling from half a second, with jitter so that many tabs do not return at once. */
export function retryDelayMs(failures: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  return ceiling / 2 + random() * (ceiling / 2);
}

/** Reads a run's events until its terminal one. Rejects with AbortError when `signal` fires. */
export function followRun(options: FollowOptions): Promise<FollowEnd> {
  const { runId, onEvent, ...following } = options;
  return followStream({
    ...following,
    canRunDry: true,
    url: (after) => `/api/v2/runs/${encodeURIComponent(runId)}/events?after=${String(after ?? 0)}`,
    onData: (seq, data) => {
      const event = JSON.parse(data) as RunEvent;
      onEvent({ seq, event });
      return isTerminal(event);
    },
  });
}

/**
 * Reads a numbered stream over as many connections as it takes: each starts
 * after the last event seen, so none is lost and none is delivered twice.
 * Rejects with AbortError when `signal` fires.
 */
export async function followStream(options: StreamOptions): Promise<FollowEnd> {
  const { signal, random = Math.random } = options;
  let last = options.after;
  let failures = 0;
  let emptyReads = 0;
  const take = (seq: number, data: string): boolean => {
    if (last !== null && seq <= last) return false;
    last = seq;
    failures = 0;
    emptyReads = 0;
    return options.onData(seq, data);
  };
  for (;;) {
    signal.throwIfAborted();
    const startedAfter = last;
    const end = await readOnce({ ...options, after: last }, take);
    signal.throwIfAborted();
    if (end !== 'broken' && end !== 'closed') return end;
    if (end === 'closed' && last === startedAfter) emptyReads += 1;
    if (options.canRunDry && emptyReads >= EMPTY_READS_TO_GIVE_UP) return { kind: 'exhausted' };
    const delay = retryDelayMs(failures, random);
    failures += 1;
    options.onConnection?.(delay);
    await sleep(delay, signal);
  }
}

/** One connection: how following ended, or how the connection did. */
async function readOnce(
  options: StreamOptions,
  take: (seq: number, data: string) => boolean,
): Promise<FollowEnd | 'broken' | 'closed'> {
  const { after } = options;
  const fetchStream = options.fetch ?? globalThis.fetch;
  const connection = new AbortController();
  const abort = (): void => {
    connection.abort();
  };
  options.signal.addEventListener('abort', abort, { once: true });
  const watchdog = new Watchdog(abort);
  try {
    const response = await fetchStream(options.url(after), {
      headers: {
        Accept: 'text/event-stream',
        ...(after === null ? {} : { 'Last-Event-ID': String(after) }),
      },
      cache: 'no-store',
      signal: connection.signal,
    });
    if (response.status === 401) reportUnauthenticated();
    if (FINAL_STATUSES.has(response.status)) return { kind: 'refused', status: response.status };
    if (!response.ok || response.body === null) return 'broken';
    options.onConnection?.(null);
    return await readBody(response.body, watchdog, take);
  } catch {
    return 'broken';
  } finally {
    watchdog.stop();
    options.signal.removeEventListener('abort', abort);
    connection.abort();
  }
}

async function readBody(
  body: ReadableStream<Uint8Array>,
  watchdog: Watchdog,
  take: (seq: number, data: string) => boolean,
): Promise<FollowEnd | 'closed'> {
  const parser = new SseParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return 'closed';
    watchdog.touch();
    for (const { id, data } of parser.push(decoder.decode(value, { stream: true }))) {
      if (take(Number(id), data)) return { kind: 'terminal' };
    }
  }
}

class Watchdog {
  private timer: ReturnType<typeof setTimeout>;
  private readonly onSilence: () => void;

  constructor(onSilence: () => void) {
    this.onSilence = onSilence;
    this.timer = setTimeout(onSilence, SILENCE_LIMIT_MS);
  }

  touch(): void {
    this.stop();
    this.timer = setTimeout(this.onSilence, SILENCE_LIMIT_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
