import { followPatrolLog, type NumberedEntry } from '@/api/patrolLog';

export interface FollowedLog {
  /** Oldest first. */
  readonly entries: readonly NumberedEntry[];
  /** Number of the newest entry that was there when following began; null before that is known. */
  readonly historyEnd: number | null;
  /** `refused` when the server will not serve the log to this reader. */
  readonly connection: 'connecting' | 'live' | 'waiting' | 'refused';
}

const FIRST_LINES = 200;
/** A page that stays open for weeks must not grow. */
const MOST_ENTRIES = 600;
/** Drawing faster than this costs work and looks no smoother. */
const NOTIFY_INTERVAL_MS = 100;
const NOTHING: FollowedLog = { entries: [], historyEnd: null, connection: 'connecting' };

/**
 * Follows the patrol's log over one connection, which is held only while the
 * page is visible: browsers allow six per server. It goes on by number when the
 * page is shown again.
 */
export class LogFollower {
  private log = NOTHING;
  private connection: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private news: NumberedEntry[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly onNews: (news: readonly NumberedEntry[]) => void;
  private readonly page: Document;

  /** `onNews` gets entries as they are written, many at once, without those that were there before. */
  constructor(onNews: (news: readonly NumberedEntry[]) => void, page: Document = document) {
    this.onNews = onNews;
    this.page = page;
  }

  readonly snapshot = (): FollowedLog => this.log;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  start(): void {
    this.page.addEventListener('visibilitychange', this.onVisibility);
    this.onVisibility();
    if (this.news.length > 0) this.flushSoon();
  }

  stop(): void {
    this.page.removeEventListener('visibilitychange', this.onVisibility);
    this.disconnect();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private readonly onVisibility = (): void => {
    if (this.page.hidden) this.disconnect();
    else if (this.connection === null && this.log.connection !== 'refused') void this.connect();
  };

  private async connect(): Promise<void> {
    const connection = new AbortController();
    this.connection = connection;
    try {
      await followPatrolLog({
        after: this.lastSeq(),
        back: FIRST_LINES,
        signal: connection.signal,
        onEntry: this.take,
        onConnection: this.showConnection,
      });
      // It has no end of its own: the server refuses it.
      if (this.connection === connection) {
        this.disconnect();
        this.show('refused');
      }
    } catch (error) {
      if (!connection.signal.aborted) throw error;
    }
  }

  private lastSeq(): number | null {
    return (this.news.at(-1) ?? this.log.entries.at(-1))?.seq ?? null;
  }

  private disconnect(): void {
    this.connection?.abort();
    this.connection = null;
  }

  private readonly take = (entry: NumberedEntry): void => {
    this.news.push(entry);
    this.flushSoon();
  };

  private flushSoon(): void {
    this.timer ??= setTimeout(this.flush, NOTIFY_INTERVAL_MS);
  }

  private readonly flush = (): void => {
    this.timer = null;
    const { news } = this;
    const { entries, historyEnd } = this.log;
    this.news = [];
    this.log = {
      ...this.log,
      entries: [...entries, ...news].slice(-MOST_ENTRIES),
      historyEnd: historyEnd ?? news.at(-1)?.seq ?? null,
    };
    this.notify();
    if (historyEnd !== null) this.onNews(news);
  };

  private readonly showConnection = (retryInMs: number | null): void => {
    this.show(retryInMs === null ? 'live' : 'waiting');
  };

  private show(connection: FollowedLog['connection']): void {
    if (this.log.connection === connection) return;
    this.log = { ...this.log, connection };
    this.notify();
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
