import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventBytes, OpenStream } from '@/test/eventBytes';
import { followRun, retryDelayMs, SILENCE_LIMIT_MS, type NumberedEvent } from './eventStream';
import type { RunEvent } from './runEvents';

const delta = (text: string): RunEvent => ({
  type: 'TEXT_MESSAGE_CONTENT',
  messageId: 'm',
  delta: text,
});
const FINISHED: RunEvent = { type: 'RUN_FINISHED', threadId: 's', runId: 'r' };

/** Answers each connection with the next response, and remembers where it was asked to start. */
function scriptedFetch(answers: ((signal: AbortSignal) => Response)[]) {
  const starts: (string | null)[] = [];
  const fetch = vi.fn((_url: unknown, init?: RequestInit) => {
    starts.push(new Headers(init?.headers).get('Last-Event-ID'));
    const answer = answers[starts.length - 1];
    if (answer === undefined || !init?.signal) throw new Error('unexpected connection');
    return Promise.resolve(answer(init.signal));
  });
  return { fetch: fetch as unknown as typeof globalThis.fetch, starts };
}

function follow(answers: ((signal: AbortSignal) => Response)[], abort = new AbortController()) {
  const seen: NumberedEvent[] = [];
  const connections: (number | null)[] = [];
  const { fetch, starts } = scriptedFetch(answers);
  const end = followRun({
    runId: 'r',
    after: 0,
    fetch,
    random: () => 0,
    signal: abort.signal,
    onEvent: (event) => seen.push(event),
    onConnection: (retryInMs) => connections.push(retryInMs),
  });
  return { end, seen, starts, connections, abort };
}

const whole = (text: string) => () => new Response(text);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('followRun', () => {
  it('ends with the terminal event', async () => {
    const { end, seen } = follow([whole(eventBytes([delta('a'), FINISHED]))]);

    await expect(end).resolves.toEqual({ kind: 'terminal' });
    expect(seen.map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('goes on after the last event seen when the connection breaks, and takes none twice', async () => {
    const { end, seen, starts } = follow([
      whole(eventBytes([delta('a'), delta('b')])),
      whole(eventBytes([delta('b'), delta('c'), FINISHED], 2)),
    ]);

    await vi.runAllTimersAsync();

    await expect(end).resolves.toEqual({ kind: 'terminal' });
    expect(starts).toEqual(['0', '2']);
    expect(seen.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it.each([400, 401, 403, 404, 410])('does not ask again after %i', async (status) => {
    const { end, starts } = follow([() => new Response('{}', { status })]);

    await expect(end).resolves.toEqual({ kind: 'refused', status });
    expect(starts).toHaveLength(1);
  });

  it('waits longer after each failed connection and says so', async () => {
    const failing = () => new Response('', { status: 503 });
    const { end, connections } = follow([failing, failing, whole(eventBytes([FINISHED]))]);

    await vi.runAllTimersAsync();

    await end;
    expect(connections).toEqual([250, 500, null]);
  });

  it('takes a silent connection for dead', async () => {
    const { end, starts } = follow([
      (signal) => new OpenStream(signal).response,
      whole(eventBytes([FINISHED])),
    ]);

    await vi.advanceTimersByTimeAsync(SILENCE_LIMIT_MS - 1);
    expect(starts).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);

    await expect(end).resolves.toEqual({ kind: 'terminal' });
    expect(starts).toHaveLength(2);
  });

  it('is kept alive by heartbeats', async () => {
    const streams: OpenStream[] = [];
    const { end, starts } = follow([
      (signal) => {
        streams.push(new OpenStream(signal));
        return streams[0]?.response ?? new Response();
      },
    ]);
    for (let beat = 0; beat < 6; beat += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      streams[0]?.write(': ping\n\n');
    }
    streams[0]?.write(eventBytes([FINISHED]));

    await expect(end).resolves.toEqual({ kind: 'terminal' });
    expect(starts).toHaveLength(1);
  });

  it('gives up on a log that is twice closed without a word', async () => {
    const { end, starts } = follow([whole(': bye\n\n'), whole(': bye\n\n')]);

    await vi.runAllTimersAsync();

    await expect(end).resolves.toEqual({ kind: 'exhausted' });
    expect(starts).toHaveLength(2);
  });

  it('stops when it is told to', async () => {
    const { end, abort } = follow([(signal) => new OpenStream(signal).response]);
    const outcome = expect(end).rejects.toThrow();

    abort.abort();

    await outcome;
  });

  it('reads characters that were cut between chunks', async () => {
    const bytes = new TextEncoder().encode(eventBytes([delta('支付网关'), FINISHED]));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const { end, seen } = follow([() => new Response(body)]);

    await end;

    expect(seen[0]?.event).toEqual(delta('支付网关'));
  });
});

describe('retryDelayMs', () => {
  it('doubles up to fifteen seconds, with jitter', () => {
    expect([0, 1, 2, 10].map((failures) => retryDelayMs(failures, () => 1))).toEqual([
      500, 1000, 2000, 15_000,
    ]);
    expect(retryDelayMs(10, () => 0)).toBe(7500);
  });
});
