import { followRun, type FollowEnd, type NumberedEvent } from '@/api/eventStream';
import { foldEvent, type TurnState } from './fold';

/** The turn whose run is being followed, as far as its events have arrived. */
export interface LiveTurn {
  readonly runId: string;
  readonly turnId: string;
  readonly lastSeq: number;
  readonly turn: TurnState;
  readonly retryInMs: number | null;
  readonly end: FollowEnd | null;
}

export interface FollowStart {
  runId: string;
  turnId: string;
  /** What is known of the message, and the sequence number it is known up to. */
  turn: TurnState;
  after: number;
}

/** Drawing faster than this costs work and looks no smoother. */
const NOTIFY_INTERVAL_MS = 33;

/**
 * Follows one run at a time and folds its events. The connection is held only
 * while the page is visible, since browsers allow six per server; it goes on by
 * sequence number when the page is shown again.
 */
export class RunFollower {
  private live: LiveTurn | null = null;
  private connection: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly onEnd: (forget: () => void) => void;
  private readonly page: Document;

  /** `onEnd` gets what to call once the stored message has taken the place of the followed one. */
  constructor(onEnd: (forget: () => void) => void, page: Document = document) {
    this.onEnd = onEnd;
    this.page = page;
  }

  readonly snapshot = (): LiveTurn | null => this.live;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Starts following, unless this run is being followed already. */
  follow(start: FollowStart): void {
    if (this.live?.runId === start.runId) return;
    this.disconnect();
    this.live = {
      runId: start.runId,
      turnId: start.turnId,
      lastSeq: start.after,
      turn: start.turn,
      retryInMs: null,
      end: null,
    };
    this.page.addEventListener('visibilitychange', this.onVisibility);
    this.notify();
    this.onVisibility();
  }

  /** Forgets the run, if it is still the one followed. */
  clear(runId: string): void {
    if (this.live?.runId !== runId) return;
    this.stop();
    this.notify();
  }

  stop(): void {
    this.disconnect();
    this.page.removeEventListener('visibilitychange', this.onVisibility);
    this.live = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private readonly onVisibility = (): void => {
    if (this.page.hidden) this.disconnect();
    else if (this.connection === null && this.live?.end === null) void this.connect(this.live);
  };

  private async connect(live: LiveTurn): Promise<void> {
    const connection = new AbortController();
    this.connection = connection;
    try {
      const end = await followRun({
        runId: live.runId,
        after: live.lastSeq,
        signal: connection.signal,
        onEvent: this.takeEvent,
        onConnection: this.showConnection,
      });
      if (this.connection === connection) this.finish(end);
    } catch (error) {
      if (!connection.signal.aborted) throw error;
    }
  }

  private disconnect(): void {
    this.connection?.abort();
    this.connection = null;
  }

  private readonly takeEvent = ({ seq, event }: NumberedEvent): void => {
    if (this.live === null) return;
    this.live = { ...this.live, lastSeq: seq, turn: foldEvent(this.live.turn, event) };
    this.notifySoon();
  };

  private readonly showConnection = (retryInMs: number | null): void => {
    if (this.live === null || this.live.retryInMs === retryInMs) return;
    this.live = { ...this.live, retryInMs };
    this.notify();
  };

  private finish(end: FollowEnd): void {
    if (this.live === null) return;
    this.live = { ...this.live, end, retryInMs: null };
    this.disconnect();
    this.page.removeEventListener('visibilitychange', this.onVisibility);
    this.notify();
    const { runId } = this.live;
    this.onEnd(() => {
      this.clear(runId);
    });
  }

  private notifySoon(): void {
    this.timer ??= setTimeout(() => {
      this.notify();
    }, NOTIFY_INTERVAL_MS);
  }

  private notify(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const listener of this.listeners) listener();
  }
}
