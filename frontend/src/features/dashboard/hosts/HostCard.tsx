import { useQuery } from '@tanstack/react-query';
import { useId, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding, Host, Point, Series } from '@/api/types';
import { formatPercent } from '@/components/format';
import { Meter } from '../Meter';
import { cardHistoryQuery } from '../queries';
import { formatSpan, inLanguage } from '../units';
import { DiskMeters } from './DiskMeters';
import { HostSparkline } from './HostSparkline';
import styles from './hosts.module.css';
import { toneOf, type JudgedHost } from './judgeHost';
import { useVisible } from './useVisible';

const SHOWN_FINDINGS = 2;

interface HostCardProps {
  judged: JudgedHost;
  /** The open findings of this host. */
  findings: readonly Finding[];
  onOpen: (hostId: string, metric?: string) => void;
}

export function HostCard({ judged, findings, onOpen }: HostCardProps): ReactNode {
  const { t } = useTranslation();
  const { host, condition, freshness } = judged;
  const card = useRef<HTMLLIElement>(null);
  const titleId = useId();
  const history = useQuery({ ...cardHistoryQuery(host.id), enabled: useVisible(card) });
  const open = (metric?: string): void => {
    onOpen(host.id, metric);
  };
  return (
    <li
      ref={card}
      className={styles['card']}
      data-condition={condition}
      data-freshness={freshness}
      aria-labelledby={titleId}
    >
      <div className={styles['cardHead']}>
        <h3 id={titleId}>
          <button
            type="button"
            title={t('dashboard.hosts.details', { name: host.name })}
            onClick={() => {
              open();
            }}
          >
            {host.name}
          </button>
        </h3>
        <span className={styles['condition']} data-condition={condition}>
          {t(`dashboard.hosts.condition.${condition}`)}
        </span>
      </div>
      <Subtitle host={host} />
      <Freshness judged={judged} />
      {host.read_at !== null && (
        <>
          <Figures host={host} findings={findings} history={history.data} onOpen={open} />
          <DiskMeters
            host={host}
            findings={findings}
            onOpen={() => {
              open('disk');
            }}
          />
        </>
      )}
      <OpenFindings findings={findings} />
    </li>
  );
}

function Subtitle({ host }: { host: Host }): ReactNode {
  const { t } = useTranslation();
  const parts = [host.os];
  if (host.cores !== null) parts.push(t('dashboard.hosts.cores', { count: host.cores }));
  if (host.boot_at !== null && host.read_at !== null) {
    const up = Date.parse(host.read_at) - Date.parse(host.boot_at);
    parts.push(t('dashboard.hosts.up', { span: formatSpan(up, t) }));
  }
  return <p className={styles['subtitle']}>{parts.filter((part) => part !== '').join(' · ')}</p>;
}

/** What keeps the figures from being those of now: said in words, not by colour alone. */
function Freshness({ judged: { host, freshness, ageMs } }: { judged: JudgedHost }): ReactNode {
  const { t } = useTranslation();
  const unknownParts = Object.entries(host.unknown);
  return (
    <>
      {freshness === 'unreachable' && (
        <p className={styles['note']} data-tone="critical">
          {t('dashboard.hosts.unreachable', { reason: host.reason })}
        </p>
      )}
      {freshness === 'unknown' && (
        <p className={styles['note']} data-tone="unknown">
          {t('dashboard.hosts.unknown', { reason: host.reason })}
        </p>
      )}
      {freshness !== 'fresh' && (
        <p className={styles['note']} data-tone="unknown">
          {ageMs === null
            ? t('dashboard.hosts.neverRead')
            : t('dashboard.hosts.stale', { span: formatSpan(ageMs, t) })}
        </p>
      )}
      {unknownParts.length > 0 && (
        <details className={styles['parts']}>
          <summary>{t('dashboard.hosts.unknownParts', { count: unknownParts.length })}</summary>
          <ul>
            {unknownParts.map(([part, reason]) => (
              <li key={part}>
                <b>{part}</b> {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

interface FiguresProps {
  host: Host;
  findings: readonly Finding[];
  history: Series[] | undefined;
  onOpen: (metric: string) => void;
}

function Figures({ host, findings, history, onOpen }: FiguresProps): ReactNode {
  const { t } = useTranslation();
  const shared = { host, findings, onOpen };
  return (
    <div className={styles['figures']}>
      <Figure {...shared} metric="cpu" ratio={host.cpu} checks={[]} points={pick(history, 'cpu')} />
      <Figure {...shared} metric="memory" ratio={host.memory} checks={['memory', 'swap']} points={pick(history, 'memory')} />
      <Figure
        {...shared}
        metric="load"
        ratio={host.load_1m === null || host.cores === null ? null : host.load_1m / host.cores}
        text={host.load_1m === null ? t('dashboard.hosts.notKnown') : host.load_1m.toFixed(2)}
        checks={['load']}
        points={pick(history, 'load')}
      />
    </div>
  );
}

interface FigureProps {
  host: Host;
  findings: readonly Finding[];
  onOpen: (metric: string) => void;
  metric: 'cpu' | 'memory' | 'load';
  ratio: number | null;
  /** What is written instead of the share. */
  text?: string;
  checks: readonly string[];
  points: readonly Point[] | undefined;
}

/** One figure with its bar and how it went; a click shows more of that. */
function Figure({ host, findings, metric, ratio, text, checks, points, onOpen }: FigureProps): ReactNode {
  const { t } = useTranslation();
  const what = t(`dashboard.hosts.${metric}`);
  const tone = toneOf(findings, checks);
  const notKnown = t('dashboard.hosts.notKnown');
  return (
    <div className={styles['figure']} data-tone={tone}>
      <button
        type="button"
        className={styles['what']}
        title={t('dashboard.hosts.showTrend', { what })}
        onClick={() => {
          onOpen(metric);
        }}
      >
        {what}
      </button>
      <span className={styles['value']} data-unknown={ratio === null || undefined}>
        {text ?? (ratio === null ? notKnown : formatPercent(ratio))}
      </span>
      <Meter
        label={t('dashboard.hosts.meter', { name: host.name, what })}
        ratio={ratio}
        tone={tone}
        notKnown={notKnown}
      />
      <HostSparkline what={what} points={points} value={ratio} readAt={host.read_at} isRatio={metric !== 'load'} />
    </div>
  );
}

function pick(history: Series[] | undefined, metric: string): Point[] | undefined {
  return history === undefined ? undefined : (history.find((one) => one.metric === metric)?.points ?? []);
}

function OpenFindings({ findings }: { findings: readonly Finding[] }): ReactNode {
  const { t, i18n } = useTranslation();
  if (findings.length === 0) return null;
  const more = findings.length - SHOWN_FINDINGS;
  return (
    <ul className={styles['found']} aria-label={t('dashboard.hosts.findings', { count: findings.length })}>
      {findings.slice(0, SHOWN_FINDINGS).map((finding) => (
        <li key={finding.id} data-severity={finding.severity}>
          {inLanguage(finding.title, i18n.language)}
        </li>
      ))}
      {more > 0 && <li>+ {more}</li>}
    </ul>
  );
}
