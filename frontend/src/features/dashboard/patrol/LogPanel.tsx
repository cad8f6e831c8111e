import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogEntry } from '@/api/patrolLog';
import styles from './LogPanel.module.css';
import type { FollowedLog } from './LogFollower';
import { Panel } from '../Panel';
import { inLanguage } from '../units';

const NEAR_END_PX = 24;

interface LogPanelProps {
  log: FollowedLog;
  onFinding: (findingId: string) => void;
}

/** What patrol does, line by line; it stays at the end unless the reader looks back. */
export function LogPanel({ log, onFinding }: LogPanelProps): ReactNode {
  const { t } = useTranslation();
  const view = useRef<HTMLDivElement>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const { entries } = log;

  useLayoutEffect(() => {
    if (isAtEnd && view.current !== null) view.current.scrollTop = view.current.scrollHeight;
  }, [entries, isAtEnd]);

  return (
    <Panel title={t('dashboard.log.title')} tools={<Connection state={log.connection} />}>
      {entries.length === 0 ? (
        <p className={styles['empty']}>
          {log.connection === 'refused' ? t('dashboard.live.refused') : t('dashboard.log.empty')}
        </p>
      ) : (
        <div className={styles['frame']}>
          <div
            ref={view}
            className={styles['log']}
            role="log"
            // Read aloud is only what ends a patrol: see LogNews.
            aria-live="off"
            aria-label={t('dashboard.log.title')}
            // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard
            tabIndex={0}
            onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
              setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR_END_PX);
            }}
          >
            {entries.map((one) => (
              <Line key={one.seq} entry={one.entry} onFinding={onFinding} />
            ))}
          </div>
          {!isAtEnd && (
            <button
              type="button"
              className={styles['toEnd']}
              onClick={() => {
                setAtEnd(true);
              }}
            >
              {t('dashboard.log.toLatest')} ↓
            </button>
          )}
        </div>
      )}
    </Panel>
  );
}

function Line({ entry, onFinding }: { entry: LogEntry; onFinding: (findingId: string) => void }): ReactNode {
  const { i18n } = useTranslation();
  const text = inLanguage(entry.message, i18n.language);
  return (
    <div className={styles['line']} data-tone={toneOf(entry)}>
      <time dateTime={entry.at}>{writeClock(entry.at, i18n.language)}</time>
      {entry.type === 'finding' ? (
        <button
          type="button"
          onClick={() => {
            onFinding(entry.finding_id);
          }}
        >
          {text}
        </button>
      ) : (
        <span>{text}</span>
      )}
    </div>
  );
}

/** For those who do not see the lines: how a patrol ended, and what is newly critical. */
export function LogNews({ log: { entries, historyEnd } }: { log: FollowedLog }): ReactNode {
  const { i18n } = useTranslation();
  const newest = entries.findLast(({ entry }) => isNews(entry));
  const isNew = newest !== undefined && historyEnd !== null && newest.seq > historyEnd;
  return (
    <p role="status" className="visually-hidden">
      {isNew && inLanguage(newest.entry.message, i18n.language)}
    </p>
  );
}

function isNews(entry: LogEntry): boolean {
  if (entry.type === 'run-finished' || entry.type === 'problem') return true;
  return entry.type === 'finding' && entry.event === 'opened' && entry.severity === 'critical';
}

function Connection({ state }: { state: FollowedLog['connection'] }): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={styles['connection']} data-state={state} role="status">
      {t(`dashboard.live.${state}`)}
    </span>
  );
}

const GOOD_NEWS = new Set(['closed', 'eased']);

function toneOf(entry: LogEntry): string | undefined {
  switch (entry.type) {
    case 'finding':
      if (GOOD_NEWS.has(entry.event)) return 'ok';
      return entry.event === 'opened' || entry.event === 'worsened' ? entry.severity : undefined;
    case 'looked':
      if (entry.state === 'unreachable') return 'critical';
      return entry.state === 'unknown' ? 'unknown' : undefined;
    case 'problem':
      return 'warning';
    case 'run-finished':
      return entry.state === 'finished' ? 'head' : 'warning';
    case 'run-started':
      return 'head';
    default:
      return undefined;
  }
}

function writeClock(at: string, language: string): string {
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  }).format(new Date(at));
}
