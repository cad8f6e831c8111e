/** Plain functions between stored messages, the turn being followed, and what is drawn. */
import type { Message, MessagePage } from '@/api/types';
import { EMPTY_TURN, type TurnState } from './fold';
import type { FollowStart, LiveTurn } from './RunFollower';

/** Stored pages come newest first; each is oldest first inside. */
export function joinPages(pages: readonly MessagePage[]): Message[] {
  return [...pages].reverse().flatMap((page) => page.items);
}

export function turnOf(message: Message): TurnState {
  const { blocks, state, mode, model, error, usage } = message;
  return { blocks, state, runId: message.run_id, mode, model, error, usage };
}

/** Where following must start so that the stored message and the events after it make the whole. */
export function followStart(page: MessagePage): FollowStart | null {
  if (page.active_run === null) return null;
  const { run_id: runId, last_seq: lastSeq } = page.active_run;
  const newest = page.items.at(-1);
  if (newest === undefined) return null;
  const isAnswer = newest.role === 'assistant';
  return {
    runId,
    turnId: newest.turn_id,
    turn: isAnswer ? resumed(turnOf(newest)) : EMPTY_TURN,
    after: lastSeq,
  };
}

/** A run that goes on after an approval writes to a message that was interrupted. */
function resumed(turn: TurnState): TurnState {
  return turn.state === 'interrupted' ? { ...turn, state: 'streaming' } : turn;
}

/** The stored messages with the answer that is being written in its newest form. */
export function withLiveTurn(messages: readonly Message[], live: LiveTurn | null): Message[] {
  if (live === null) return [...messages];
  const isLive = (message: Message): boolean =>
    message.role === 'assistant' && message.turn_id === live.turnId;
  if (messages.some(isLive)) {
    return messages.map((message) => (isLive(message) ? applyTurn(message, live) : message));
  }
  const created = messages.at(-1)?.created_at ?? new Date(0).toISOString();
  return [...messages, applyTurn(newAnswer(live, created), live)];
}

function newAnswer(live: LiveTurn, createdAt: string): Message {
  return {
    id: `answer-${live.turnId}`,
    role: 'assistant',
    turn_id: live.turnId,
    created_at: createdAt,
    blocks: [],
    run_id: live.runId,
    state: 'streaming',
    mode: null,
    model: null,
    error: null,
    usage: null,
  };
}

function applyTurn(message: Message, { turn, runId }: LiveTurn): Message {
  const { blocks, state, mode, model, error, usage } = turn;
  return { ...message, run_id: runId, blocks: [...blocks], state, mode, model, error, usage };
}

/**
 * The page as it will be once the server has stored the question: shown without waiting for it.
 * A page that was read in between has the question already.
 */
export function withQuestion(
  page: MessagePage | undefined,
  question: { text: string; turnId: string; runId: string; now: string },
): MessagePage {
  const message: Message = {
    id: `question-${question.turnId}`,
    role: 'user',
    turn_id: question.turnId,
    created_at: question.now,
    blocks: [{ type: 'text', id: `question-${question.turnId}`, text: question.text }],
    run_id: null,
    state: 'complete',
    mode: null,
    model: null,
    error: null,
    usage: null,
  };
  const items = page?.items ?? [];
  const isStored = items.some((item) => item.role === 'user' && item.turn_id === question.turnId);
  return {
    items: isStored ? items : [...items, message],
    next_before: page?.next_before ?? null,
    active_run: { run_id: question.runId, last_seq: lastSeqOf(page, question.runId) },
  };
}

/** How much of the run's events the page already holds. */
function lastSeqOf(page: MessagePage | undefined, runId: string): number {
  return page?.active_run?.run_id === runId ? page.active_run.last_seq : 0;
}

export function findPendingApproval(messages: readonly Message[]): boolean {
  return messages.some((message) =>
    message.blocks.some((block) => block.type === 'approval' && block.approval.state === 'pending'),
  );
}
