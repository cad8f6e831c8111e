/**
 * Folds a run's event log into the blocks of one assistant message.
 *
 * The server folds the same log with the same rules, so that a stored message
 * plus the tail of the log equals the whole log: the logs in
 * tests/data/event_logs hold both sides to it. A turn may span several runs
 * (an approval ends one and starts the next); their events are folded one after
 * the other into the same message.
 */
import type { GroundedStatement, RunEvent } from '@/api/runEvents';
import type {
  Approval,
  Block,
  ErrorInfo,
  MessageState,
  RunMode,
  TokenUsage,
  ToolCallBlock,
} from '@/api/types';

export interface TurnState {
  readonly blocks: readonly Block[];
  readonly state: MessageState;
  readonly runId: string | null;
  readonly mode: RunMode | null;
  readonly model: string | null;
  readonly error: ErrorInfo | null;
  readonly usage: TokenUsage | null;
}

export const EMPTY_TURN: TurnState = {
  blocks: [],
  state: 'streaming',
  runId: null,
  mode: null,
  model: null,
  error: null,
  usage: null,
};

export function foldEvents(events: Iterable<RunEvent>, start: TurnState = EMPTY_TURN): TurnState {
  let turn = start;
  for (const event of events) turn = foldEvent(turn, event);
  return turn;
}

export function foldEvent(turn: TurnState, event: RunEvent): TurnState {
  switch (event.type) {
    case 'RUN_STARTED':
      return { ...turn, state: 'streaming', runId: event.runId, error: null };
    case 'TEXT_MESSAGE_START':
      return append(turn, { type: 'text', id: event.messageId, text: '' });
    case 'REASONING_MESSAGE_START':
      return append(turn, { type: 'reasoning', id: event.messageId, text: '' });
    case 'TEXT_MESSAGE_CONTENT':
    case 'REASONING_MESSAGE_CONTENT':
      return addText(turn, event.messageId, event.delta);
    case 'CUSTOM':
      return foldCustom(turn, event);
    case 'RUN_FINISHED':
      return finish(turn, event);
    case 'RUN_ERROR':
      return fail(turn, event);
    default:
      return foldToolCall(turn, event);
  }
}

function foldToolCall(turn: TurnState, event: RunEvent): TurnState {
  switch (event.type) {
    case 'TOOL_CALL_START':
      return append(turn, newToolCall(event.toolCallId, event.toolCallName));
    case 'TOOL_CALL_ARGS':
      return editCall(turn, event.toolCallId, (call) => ({
        arguments_text: call.arguments_text + event.delta,
      }));
    case 'TOOL_CALL_END':
      return editCall(turn, event.toolCallId, (call) => ({
        arguments: parseArguments(call.arguments_text),
      }));
    case 'TOOL_CALL_RESULT':
      return editCall(turn, event.toolCallId, () => ({ text: resultText(event.content) }));
    default:
      return turn;
  }
}

function foldCustom(turn: TurnState, event: Extract<RunEvent, { type: 'CUSTOM' }>): TurnState {
  switch (event.name) {
    case 'run-info':
      return { ...turn, mode: event.value.mode, model: event.value.model };
    case 'tool-call-info': {
      const { toolCallId, server, risk } = event.value;
      return editCall(turn, toolCallId, () => ({ server, risk, status: 'running' }));
    }
    case 'tool-outcome': {
      const { toolCallId, status, structured, durationMs, error } = event.value;
      return editCall(turn, toolCallId, () => ({
        status,
        structured,
        duration_ms: durationMs,
        error,
      }));
    }
    case 'approval-requested':
      return requestApproval(turn, event.value);
    case 'approval-decided':
      return decideApproval(turn, event.value);
    case 'message-discarded':
      return discard(turn, [...event.value.messageIds, ...event.value.toolCallIds]);
    case 'grounding':
      return event.value.statements.reduce(markStatement, turn);
    case 'notice':
      return append(turn, {
        type: 'notice',
        id: `notice-${String(countNotices(turn) + 1)}`,
        code: event.value.code,
        message: event.value.message,
      });
    default:
      return turn;
  }
}

function append(turn: TurnState, block: Block): TurnState {
  return { ...turn, blocks: [...turn.blocks, block] };
}

function editBlock(turn: TurnState, id: string, edit: (block: Block) => Block): TurnState {
  // The block in question is nearly always the newest one, so look from the end.
  const index = turn.blocks.findLastIndex((block) => block.id === id);
  const block = turn.blocks[index];
  if (block === undefined) return turn;
  return { ...turn, blocks: turn.blocks.with(index, edit(block)) };
}

function addText(turn: TurnState, id: string, delta: string): TurnState {
  return editBlock(turn, id, (block) =>
    block.type === 'text' || block.type === 'reasoning'
      ? { ...block, text: block.text + delta }
      : block,
  );
}

function markStatement(
  turn: TurnState,
  { messageId, start, end, status, toolCallIds, detail }: GroundedStatement,
): TurnState {
  const statement = { start, end, status, tool_call_ids: [...toolCallIds], detail };
  return editBlock(turn, messageId, (block) =>
    block.type === 'text'
      ? { ...block, statements: [...(block.statements ?? []), statement] }
      : block,
  );
}

function editCall(
  turn: TurnState,
  id: string,
  change: (call: ToolCallBlock) => Partial<ToolCallBlock>,
): TurnState {
  return editBlock(turn, id, (block) =>
    block.type === 'tool_call' ? { ...block, ...change(block) } : block,
  );
}

function newToolCall(id: string, name: string): ToolCallBlock {
  return {
    type: 'tool_call',
    id,
    name,
    server: null,
    arguments: null,
    arguments_text: '',
    risk: null,
    status: 'streaming',
    text: null,
    structured: null,
    duration_ms: null,
    error: null,
  };
}

function parseArguments(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function resultText(content: unknown): string {
  return typeof content === 'string' ? content : JSON.stringify(content);
}

function requestApproval(turn: TurnState, approval: Approval): TurnState {
  const waiting = editCall(turn, approval.tool_call_id, () => ({ status: 'awaiting_approval' }));
  return append(waiting, {
    type: 'approval',
    id: approval.id,
    tool_call_id: approval.tool_call_id,
    approval,
  });
}

function decideApproval(turn: TurnState, approval: Approval): TurnState {
  const decided = editBlock(turn, approval.id, (block) =>
    block.type === 'approval' ? { ...block, approval } : block,
  );
  const status = approval.state === 'approved' ? 'running' : 'declined';
  return editCall(decided, approval.tool_call_id, () => ({ status }));
}

function discard(turn: TurnState, ids: readonly string[]): TurnState {
  return { ...turn, blocks: turn.blocks.filter((block) => !ids.includes(block.id)) };
}

function countNotices(turn: TurnState): number {
  return turn.blocks.filter((block) => block.type === 'notice').length;
}

const STATE_OF_OUTCOME = {
  success: 'complete',
  interrupt: 'interrupted',
  cancelled: 'cancelled',
} as const satisfies Record<string, MessageState>;

function finish(turn: TurnState, event: Extract<RunEvent, { type: 'RUN_FINISHED' }>): TurnState {
  const state = STATE_OF_OUTCOME[event.outcome?.type ?? 'success'];
  const settled = state === 'interrupted' ? turn : settleOpenCalls(turn);
  return { ...settled, state, usage: addUsage(turn.usage, event.usage ?? []) };
}

function fail(turn: TurnState, event: Extract<RunEvent, { type: 'RUN_ERROR' }>): TurnState {
  const hint: unknown = event.metadata?.['hint'];
  return {
    ...settleOpenCalls(turn),
    state: 'failed',
    error: {
      code: event.code ?? 'internal',
      message: event.message,
      hint: typeof hint === 'string' ? hint : null,
    },
  };
}

/**
 * A run that ended leaves no call open. One that never started or only reads
 * is cancelled; a change that was under way may have happened.
 */
function settleOpenCalls(turn: TurnState): TurnState {
  const blocks = turn.blocks.map((block) => {
    if (block.type !== 'tool_call') return block;
    if (block.status === 'streaming') return { ...block, status: 'cancelled' as const };
    if (block.status !== 'running') return block;
    return { ...block, status: block.risk === 'read' ? ('cancelled' as const) : ('unknown' as const) };
  });
  return { ...turn, blocks };
}

function addUsage(
  before: TokenUsage | null,
  entries: readonly { inputTokens?: number; outputTokens?: number }[],
): TokenUsage | null {
  if (entries.length === 0) return before;
  return entries.reduce<TokenUsage>(
    (sum, entry) => ({
      input_tokens: sum.input_tokens + (entry.inputTokens ?? 0),
      output_tokens: sum.output_tokens + (entry.outputTokens ?? 0),
    }),
    before ?? { input_tokens: 0, output_tokens: 0 },
  );
}
