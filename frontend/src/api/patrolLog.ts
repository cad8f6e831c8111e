import { followStream, type FollowEnd, type StreamOptions } from './eventStream';
import type { Severity, Words } from './types';

interface Line {
  at: string;
  run_id: string | null;
  message: Words;
}

export interface LogTarget {
  kind: 'host' | 'cluster';
  id: string;
  name: string;
}

/** One entry of the patrol's log, as `project_document/reference/http.md` lists them. */
export type LogEntry = Line &
  (
    | { type: 'run-started'; trigger: string; started_by: string }
    | { type: 'run-planned'; targets: number }
    | {
        type: 'looked';
        target: LogTarget;
        state: 'read' | 'unreachable' | 'unknown';
        reason: string;
        findings: number;
        looked: number;
        targets: number;
      }
    | {
        type: 'finding';
        event: string;
        finding_id: string;
        severity: Severity;
        check: string;
        target: LogTarget;
      }
    | { type: 'problem'; reason: string }
    | { type: 'run-finished'; state: string; problem: string | null; looked: number; targets: number }
  );

export interface NumberedEntry {
  seq: number;
  entry: LogEntry;
}

interface LogOptions extends Pick<StreamOptions, 'after' | 'signal' | 'onConnection'> {
  /** How many of the newest entries come first where nothing is known yet. */
  back: number;
  onEntry: (entry: NumberedEntry) => void;
}

/** Follows the log of all patrols, which never ends by itself. */
export function followPatrolLog({ back, onEntry, ...options }: LogOptions): Promise<FollowEnd> {
  return followStream({
    ...options,
    canRunDry: false,
    url: (after) =>
      `/api/v2/patrol/stream?${after === null ? `back=${String(back)}` : `after=${String(after)}`}`,
    onData: (seq, data) => {
      onEntry({ seq, entry: JSON.parse(data) as LogEntry });
      return false;
    },
  });
}
