import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Host, Series } from '@/api/types';
import { TrendChart, type TrendSeries } from '@/components/charts/TrendChart';
import type { Span } from '@/components/charts/points';
import { RequestError } from '@/components/RequestError';
import { Choice } from '@/components/choice/Choice';
import { RATIO_CHECKS } from '../findings/about';
import { historyQuery, patrolQuery } from '../queries';
import { lastHours, TREND_GAP_SECONDS } from '../span';
import { inLanguage } from '../units';
import styles from './drawer.module.css';

const RANGES = { hours24: 24, days7: 168, days30: 720 } as const;
type Range = keyof typeof RANGES;
/** Older than a day only hours are kept. */
const HOURLY_GAP_SECONDS = 2.5 * 3_600;

const METRICS = ['cpu', 'memory', 'load', 'disk', 'swap', 'open_files', 'problems'] as const;
type Metric = (typeof METRICS)[number];
const COUNTED = new Set<Metric>(['load', 'problems']);
const RATIO_METRICS = new Set<string>([...METRICS.filter((metric) => !COUNTED.has(metric)), ...RATIO_CHECKS]);

function isMetric(name: string): name is Metric {
  return METRICS.some((metric) => metric === name);
}

/** How every figure of a host went; the one that was clicked on comes first into view. */
export function HostTrends({ host, metric }: { host: Host; metric: string | null }): ReactNode {
  const { t } = useTranslation();
  const [range, setRange] = useState<Range>('hours24');
  const { data: series, error, refetch, dataUpdatedAt } = useQuery(historyQuery(host.id, RANGES[range]));
  const span = useMemo(() => lastHours(RANGES[range], dataUpdatedAt), [range, dataUpdatedAt]);
  const groups = useMemo(() => groupSeries(series ?? [], host.name), [series, host.name]);
  return (
    <section>
      <div className={styles['trendHead']}>
        <h3>{t('dashboard.host.trends')}</h3>
        <RangeChoice range={range} onChange={setRange} />
      </div>
      {series === undefined && error !== null && (
        <RequestError title={t('dashboard.host.historyFailed')} error={error} onRetry={() => void refetch()} />
      )}
      {series === undefined && error === null && <p className={styles['hint']}>{t('app.loading')}</p>}
      {groups.map((group) => (
        <Trend
          key={group.metric}
          group={group}
          host={host}
          span={span}
          gapSeconds={range === 'hours24' ? TREND_GAP_SECONDS : HOURLY_GAP_SECONDS}
          isWanted={group.metric === metric}
        />
      ))}
    </section>
  );
}

function RangeChoice({ range, onChange }: { range: Range; onChange: (range: Range) => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <Choice
      label={t('dashboard.host.range')}
      options={(Object.keys(RANGES) as Range[]).map((key) => ({ value: key, content: t(`dashboard.host.${key}`) }))}
      value={range}
      onChange={onChange}
    />
  );
}

interface Group {
  metric: string;
  series: TrendSeries[];
}

/** One chart per metric, in the order in which people look; a disk is one line per file system. */
function groupSeries(series: readonly Series[], name: string): Group[] {
  const names = [...new Set(series.map(({ metric }) => metric))];
  const place = (metric: string): number => (isMetric(metric) ? METRICS.indexOf(metric) : METRICS.length);
  return names
    .sort((a, b) => place(a) - place(b) || a.localeCompare(b))
    .map((metric) => ({
      metric,
      series: series
        .filter((one) => one.metric === metric)
        .map(({ subject, points }) => ({ name: subject === '' ? name : subject, points }))
        .sort((a, b) => (b.points.at(-1)?.value ?? 0) - (a.points.at(-1)?.value ?? 0)),
    }));
}

interface TrendProps {
  group: Group;
  host: Host;
  span: Span;
  gapSeconds: number;
  isWanted: boolean;
}

function Trend({ group, host, span, gapSeconds, isWanted }: TrendProps): ReactNode {
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const what = useMetricName(group.metric);
  useEffect(() => {
    if (isWanted) place.current?.scrollIntoView({ block: 'start' });
  }, [isWanted]);
  return (
    <div ref={place} className={styles['trend']} data-wanted={isWanted || undefined}>
      <h4>{what}</h4>
      <TrendChart
        series={group.series}
        label={t('dashboard.host.trendOf', { name: host.name, what })}
        span={span}
        gapSeconds={gapSeconds}
        isRatio={RATIO_METRICS.has(group.metric)}
      />
    </div>
  );
}

/** A metric of hosts, or a check with a figure of its own, which the server names. */
function useMetricName(metric: string): string {
  const { t, i18n } = useTranslation();
  const { data } = useQuery({ ...patrolQuery(), enabled: false });
  if (isMetric(metric)) return t(`dashboard.host.metric.${metric}`);
  const check = data?.checks.find(({ id }) => id === metric);
  return check === undefined ? metric : inLanguage(check.title, i18n.language);
}
