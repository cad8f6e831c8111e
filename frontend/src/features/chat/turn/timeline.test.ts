import { describe, expect, it } from 'vitest';
import type { MessagePage } from '@/api/types';
import { message } from '@/test/fakeServer';
import { EMPTY_TURN } from './fold';
import { findPendingApproval, followStart, joinPages, withLiveTurn, withQuestion } from './timeline';

const QUESTION = message({ id: 'q1', role: 'user', run_id: null });
const page = (fields: Partial<MessagePage>): MessagePage => ({
  items: [],
  next_before: null,
  active_run: null,
  ...fields,
});
const LIVE = { runId: 'r1', turnId: 't1', lastSeq: 1, turn: EMPTY_TURN, retryInMs: null, end: null };

describe('followStart', () => {
  it('is nothing without an active run', () => {
    expect(followStart(page({ items: [QUESTION] }))).toBeNull();
  });

  it('starts from the stored part of the answer', () => {
    const partial = message({ state: 'streaming', blocks: [{ type: 'text', id: 'm', text: 'half' }] });

    const start = followStart(page({ items: [QUESTION, partial], active_run: { run_id: 'r1', last_seq: 7 } }));

    expect(start).toMatchObject({ runId: 'r1', turnId: 't1', after: 7, turn: { blocks: partial.blocks } });
  });

  it('goes on in an interrupted answer, and from nothing after a question', () => {
    const active_run = { run_id: 'r2', last_seq: 0 };
    const interrupted = message({ state: 'interrupted' });

    expect(followStart(page({ items: [interrupted], active_run }))?.turn.state).toBe('streaming');
    expect(followStart(page({ items: [QUESTION], active_run }))?.turn).toEqual(EMPTY_TURN);
  });
});

describe('withLiveTurn', () => {
  it('puts the followed turn in place of the stored one', () => {
    const stored = message({ blocks: [{ type: 'text', id: 'm', text: 'old' }] });

    const shown = withLiveTurn([QUESTION, stored], LIVE);

    expect(shown).toHaveLength(2);
    expect(shown[1]).toMatchObject({ id: stored.id, blocks: [], state: 'streaming' });
  });

  it('adds the answer when none is stored yet', () => {
    expect(withLiveTurn([QUESTION], LIVE).map(({ role }) => role)).toEqual(['user', 'assistant']);
  });

  it('leaves other turns as they are', () => {
    const other = message({ id: 'other', turn_id: 't0' });

    expect(withLiveTurn([other, QUESTION], LIVE)[0]).toBe(other);
  });
});

describe('pages', () => {
  it('are joined oldest first', () => {
    const newest = page({ items: [message({ id: '3' }), message({ id: '4' })] });
    const older = page({ items: [message({ id: '1' }), message({ id: '2' })] });

    expect(joinPages([newest, older]).map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
  });

  it('take a question before the server has stored it', () => {
    const next = withQuestion(page({ items: [QUESTION] }), {
      text: 'And now?',
      turnId: 't2',
      runId: 'r2',
      now: '2026-11-21T08:00:00Z',
    });

    expect(next.items.at(-1)).toMatchObject({ role: 'user', turn_id: 't2' });
    expect(next.active_run).toEqual({ run_id: 'r2', last_seq: 0 });
  });

  it('take no question that they have already, and keep how far its run was read', () => {
    const read = page({ items: [QUESTION], active_run: { run_id: 'r1', last_seq: 4 } });

    const next = withQuestion(read, { text: 'Why?', turnId: 't1', runId: 'r1', now: '2026-11-21T08:00:00Z' });

    expect(next).toEqual(read);
  });

  it('tell whether an approval is open', () => {
    expect(findPendingApproval([QUESTION])).toBe(false);
  });
});
