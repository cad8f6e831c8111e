import { describe, expect, it } from 'vitest';
import type { RunEvent } from '@/api/runEvents';
import type { Block, MessageState } from '@/api/types';
import { EMPTY_TURN, foldEvent, foldEvents } from './fold';

interface EventLog {
  events: RunEvent[];
  blocks: Block[];
  state: MessageState;
}

const logs = Object.entries(
  import.meta.glob<EventLog>('../../../../../tests/data/event_logs/*.json', {
    eager: true,
    import: 'default',
  }),
).map(([path, log]) => ({ name: path.replace(/^.*\//, ''), log }));

describe('fold', () => {
  it('finds the recorded event logs', () => {
    expect(logs.length).toBeGreaterThanOrEqual(12);
  });

  it.each(logs)('gives the recorded blocks for $name', ({ log }) => {
    const turn = foldEvents(log.events);

    expect(turn.blocks).toEqual(log.blocks);
    expect(turn.state).toBe(log.state);
  });

  it.each(logs)('goes on from any point of $name as if it had read it whole', ({ log }) => {
    const whole = foldEvents(log.events);

    for (let cut = 0; cut <= log.events.length; cut += 1) {
      const first = foldEvents(log.events.slice(0, cut));
      expect(foldEvents(log.events.slice(cut), first)).toEqual(whole);
    }
  });

  it('leaves the state it was given untouched', () => {
    const before = foldEvents([{ type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' }]);
    const copy = structuredClone(before);

    foldEvent(before, { type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta: 'x' });

    expect(before).toEqual(copy);
  });

  it('keeps the identity of blocks an event does not touch', () => {
    const before = foldEvents([
      { type: 'TEXT_MESSAGE_START', messageId: 'a', role: 'assistant' },
      { type: 'TEXT_MESSAGE_START', messageId: 'b', role: 'assistant' },
    ]);

    const after = foldEvent(before, { type: 'TEXT_MESSAGE_CONTENT', messageId: 'b', delta: 'x' });

    expect(after.blocks[0]).toBe(before.blocks[0]);
    expect(after.blocks[1]).not.toBe(before.blocks[1]);
  });

  it('adds up the token usage of all runs of the turn', () => {
    const finished: RunEvent = {
      type: 'RUN_FINISHED',
      threadId: 's',
      runId: 'r',
      usage: [
        { inputTokens: 10, outputTokens: 2 },
        { inputTokens: 5, outputTokens: 1 },
      ],
    };

    expect(foldEvents([finished, finished]).usage).toEqual({ input_tokens: 30, output_tokens: 6 });
  });

  it('ignores events it does not know and targets that are not there', () => {
    const unknown = { type: 'CUSTOM', name: 'from-the-future', value: {} } as unknown as RunEvent;

    const turn = foldEvents([
      unknown,
      { type: 'TEXT_MESSAGE_CONTENT', messageId: 'missing', delta: 'x' },
    ]);

    expect(turn).toEqual(EMPTY_TURN);
  });
});
