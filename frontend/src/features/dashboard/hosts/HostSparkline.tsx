import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Point } from '@/api/types';
import { fitSpan, measure, type Span } from '@/components/charts/points';
import { Sparkline } from '@/components/charts/Sparkline';
import { formatPercent } from '@/components/format';
import { lastHours, TREND_GAP_SECONDS } from '../span';
import { formatSpan } from '../units';
import styles from './hosts.module.css';

const DAY_HOURS = 24;

interface HostSparklineProps {
  what: string;
  /** Undefined until the history is there. */
  points: readonly Point[] | undefined;
  /** What was read since the history was asked for; null when it is not known. */
  value: number | null;
  readAt: string | null;
  isRatio: boolean;
}

/** The last day of one figure; of a host that is watched since less, the time since then. */
export function HostSparkline({ what, points, value, readAt, isRatio }: HostSparklineProps): ReactNode {
  const { t } = useTranslation();
  const all = useMemo(() => withNewest(points ?? [], value, readAt), [points, value, readAt]);
  const span = useMemo(() => fitSpan(lastDay(all), [all]), [all]);
  const extent = useMemo(() => measure(all), [all]);
  if (points === undefined) return <span className={styles['noTrend']} />;
  if (extent === null) {
    return <span className={styles['noTrend']} role="img" aria-label={t('dashboard.hosts.noTrend', { what })} />;
  }
  const write = (value: number): string => (isRatio ? formatPercent(value) : value.toFixed(2));
  return (
    <Sparkline
      points={all}
      span={span}
      gapSeconds={TREND_GAP_SECONDS}
      most={isRatio ? 1 : null}
      label={t('dashboard.hosts.trend', {
        what,
        span: formatSpan((span.to - span.from) * 1000, t),
        lowest: write(extent.lowest),
        highest: write(extent.highest),
        newest: write(extent.newest),
      })}
    />
  );
}

function withNewest(points: readonly Point[], value: number | null, at: string | null): readonly Point[] {
  if (value === null || at === null) return points;
  const last = points.at(-1);
  const isKnown = last !== undefined && Date.parse(at) <= Date.parse(last.at);
  return isKnown ? points : [...points, { at, value }];
}

function lastDay(points: readonly Point[]): Span {
  const newest = points.at(-1);
  return lastHours(DAY_HOURS, newest === undefined ? 0 : Date.parse(newest.at) + 1_000);
}
