import type { AGUIEvent } from '@ag-ui/core';
import type { Approval, ErrorInfo, RiskLevel, RunMode } from './types';

/**
 * The protocol package spells event types as an enum; importing it would pull
 * its runtime into the bundle, so the literals are taken from the types alone.
 */
type WithLiteralType<E> = E extends { type: infer T extends string }
  ? Omit<E, 'type'> & { type: `${T}` }
  : never;

type ProtocolEvent = WithLiteralType<AGUIEvent>;

export interface RunInfo {
  turnId: string;
  mode: RunMode;
  model: string | null;
}

export interface ToolCallInfo {
  toolCallId: string;
  server: string;
  risk: RiskLevel;
}

export interface ToolOutcome {
  toolCallId: string;
  status: 'ok' | 'error' | 'declined' | 'unknown' | 'cancelled';
  structured: Record<string, unknown> | null;
  durationMs: number | null;
  error: ErrorInfo | null;
}

/** Offsets count UTF-16 code units of the text message. */
export interface GroundedStatement {
  messageId: string;
  start: number;
  end: number;
  status: 'cited' | 'unverified' | 'contradicted';
  toolCallIds: readonly string[];
  detail: { en: string; zh: string } | null;
}

/** What the product adds to the protocol, carried in its CUSTOM events. */
export type CustomEvent =
  | { type: 'CUSTOM'; name: 'run-info'; value: RunInfo }
  | { type: 'CUSTOM'; name: 'tool-call-info'; value: ToolCallInfo }
  | { type: 'CUSTOM'; name: 'tool-outcome'; value: ToolOutcome }
  | { type: 'CUSTOM'; name: 'approval-requested'; value: Approval }
  | { type: 'CUSTOM'; name: 'approval-decided'; value: Approval }
  | {
      type: 'CUSTOM';
      name: 'message-discarded';
      value: { messageIds: string[]; toolCallIds: string[] };
    }
  | { type: 'CUSTOM'; name: 'grounding'; value: { statements: readonly GroundedStatement[] } }
  | { type: 'CUSTOM'; name: 'notice'; value: { code: string; message: string } };

export type RunEvent = Exclude<ProtocolEvent, { type: 'CUSTOM' }> | CustomEvent;

export function isTerminal(event: RunEvent): boolean {
  return event.type === 'RUN_FINISHED' || event.type === 'RUN_ERROR';
}
