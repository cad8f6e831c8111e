import { useId, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import UPlot, { type AlignedData, type Options } from 'uplot';
import type { Point } from '@/api/types';
import styles from './charts.module.css';
import { findLonely, fitSpan, toColumn, type Span } from './points';
import { readColor, useChart } from './useChart';

export interface TrendSeries {
  name: string;
  points: readonly Point[];
}

interface TrendChartProps {
  series: readonly TrendSeries[];
  /** What it shows, in words: the picture says nothing to a screen reader. */
  label: string;
  span: Span;
  gapSeconds: number;
  /** Shares of 0 to 1 are written as percent. */
  isRatio: boolean;
}

const HEIGHT_PX = 180;
const COLORS = ['--chart-1', '--chart-2', '--chart-3', '--chart-4', '--chart-5', '--chart-6'];
const DAY_SECONDS = 86_400;

/** How figures went, with times and values, and the same as a table. */
export function TrendChart(props: TrendChartProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { label, isRatio } = props;
  const [isTable, setTable] = useState(false);
  const bodyId = useId();
  const drawn = useMemo(() => props.series.slice(0, COLORS.length), [props.series]);
  if (drawn.every(({ points }) => points.length === 0)) {
    return <p className={styles['empty']}>{t('chart.empty')}</p>;
  }
  const write = valueWriter(i18n.language, isRatio);
  return (
    <div>
      <div id={bodyId}>
        {isTable ? (
          <FigureTable series={drawn} label={label} write={write} />
        ) : (
          <Drawing {...props} series={drawn} />
        )}
      </div>
      <div className={styles['tools']}>
        <button
          type="button"
          aria-controls={bodyId}
          onClick={() => {
            setTable(!isTable);
          }}
        >
          {isTable ? t('chart.asChart') : t('chart.asTable')}
        </button>
      </div>
    </div>
  );
}

function Drawing({ series, label, span, gapSeconds, isRatio }: TrendChartProps): ReactNode {
  const { t, i18n } = useTranslation();
  const names = series.map(({ name }) => name).join('\n');
  const time = t('chart.time');
  const options = useMemo(
    () => trendOptions({ names: names.split('\n'), isRatio, language: i18n.language, time }),
    [names, isRatio, i18n.language, time],
  );
  const data = useMemo<AlignedData>(() => {
    const all = series.map(({ points }) => points);
    const fitted = fitSpan(span, all);
    // 2: what a series has no point of its own for is no gap, only what toColumn put there.
    return UPlot.join(
      all.map((points) => toColumn(points, fitted, gapSeconds)),
      series.map(() => [0, 2]),
    );
  }, [series, span, gapSeconds]);
  const place = useChart({ options, data });
  return <div ref={place} className={styles['chart']} role="img" aria-label={label} />;
}

interface TrendLook {
  names: string[];
  isRatio: boolean;
  language: string;
  /** The word for the time. */
  time: string;
}

function trendOptions({ names, isRatio, language, time }: TrendLook): Omit<Options, 'width'> {
  const write = valueWriter(language, isRatio);
  const axis = {
    stroke: (chart: UPlot) => readColor(chart, '--text-muted'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: (chart: UPlot) => readColor(chart, '--border'), width: 1 },
    ticks: { show: false },
  };
  return {
    height: HEIGHT_PX,
    // Dragging would zoom, which no keyboard can; the span is chosen beside the chart.
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    hooks: { ready: [showNewest], setCursor: [showNewest], setData: [showNewest] },
    axes: [
      { ...axis, size: 30, values: (chart, splits) => splits.map((second) => writeTick(second, chart, language)) },
      { ...axis, size: 52, values: (_chart, splits) => splits.map(write) },
    ],
    scales: {
      y: { range: (_chart, _low, high: number | null) => (isRatio ? [0, 1] : [0, Math.max((high ?? 0) * 1.15, 0.1)]) },
    },
    series: [
      { label: time, value: (_chart, second: number | null) => (second === null ? '' : writeMoment(second, language)) },
      ...names.map((name, index) => ({
        label: name,
        stroke: (chart: UPlot) => readColor(chart, COLORS[index] ?? '--accent'),
        width: 1.75,
        points: {
          show: true,
          size: 5,
          fill: (chart: UPlot) => readColor(chart, COLORS[index] ?? '--accent'),
          filter: (chart: UPlot, number: number) => findLonely(chart.data[number] ?? []),
        },
        value: (_chart: UPlot, value: number | null) => (value === null ? '–' : write(value)),
      })),
    ],
  };
}

/** While nobody points at a time, the legend tells the newest values. */
function showNewest(chart: UPlot): void {
  if (chart.cursor.idx != null) return;
  const newest = chart.data.slice(1).map((values) => values.findLastIndex((value) => value != null));
  chart.setLegend({ idxs: [Math.max(...newest), ...newest] }, false);
}

interface FigureTableProps {
  series: readonly TrendSeries[];
  label: string;
  write: (value: number) => string;
}

function FigureTable({ series, label, write }: FigureTableProps): ReactNode {
  const { t, i18n } = useTranslation();
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))].sort().reverse();
  const columns = series.map(({ points }) => new Map(points.map(({ at, value }) => [at, value])));
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- scrolls by keyboard
    <div className={styles['figures']} role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('chart.time')}</th>
            {series.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((at) => (
            <tr key={at}>
              <td>{writeMoment(Date.parse(at) / 1000, i18n.language)}</td>
              {columns.map((column, index) => {
                const value = column.get(at);
                return <td key={index}>{value === undefined ? '' : write(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function valueWriter(language: string, isRatio: boolean): (value: number) => string {
  const format = new Intl.NumberFormat(
    language,
    isRatio ? { style: 'percent', maximumFractionDigits: 1 } : { maximumFractionDigits: 2 },
  );
  return (value) => format.format(value);
}

function writeTick(second: number, chart: UPlot, language: string): string {
  const { min = 0, max = 0 } = chart.scales['x'] ?? {};
  const isShort = max - min <= 1.5 * DAY_SECONDS;
  return new Intl.DateTimeFormat(
    language,
    isShort ? { hour: '2-digit', minute: '2-digit', hour12: false } : { month: 'numeric', day: 'numeric' },
  ).format(new Date(second * 1000));
}

function writeMoment(second: number, language: string): string {
  return new Intl.DateTimeFormat(language, {
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(new Date(second * 1000));
}
