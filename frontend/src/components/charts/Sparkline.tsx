import { useMemo, type ReactNode } from 'react';
import type { Options } from 'uplot';
import type { Point } from '@/api/types';
import styles from './charts.module.css';
import { findLonely, toColumn, type Span } from './points';
import { readColor, useChart } from './useChart';

interface SparklineProps {
  points: readonly Point[];
  /** What it shows, in words: the picture says nothing to a screen reader. */
  label: string;
  span: Span;
  gapSeconds: number;
  /** The upper end of the scale; null lets it grow with the values. */
  most: number | null;
}

const HEIGHT_PX = 32;
/** A load far below what the cores can do must not look like much. */
const LEAST_SCALE = 1;

/** How one figure went, as small as a word. */
export function Sparkline({ points, label, span, gapSeconds, most }: SparklineProps): ReactNode {
  const options = useMemo(() => sparklineOptions(most), [most]);
  const data = useMemo(() => toColumn(points, span, gapSeconds), [points, span, gapSeconds]);
  const place = useChart({ options, data });
  return <div ref={place} className={styles['sparkline']} role="img" aria-label={label} />;
}

function sparklineOptions(most: number | null): Omit<Options, 'width'> {
  return {
    height: HEIGHT_PX,
    padding: [2, 2, 2, 2],
    cursor: { show: false },
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: {
      // With too few points uPlot hands over nothing to measure.
      y: { range: (_chart, _low, high: number | null) => [0, most ?? Math.max((high ?? 0) * 1.15, LEAST_SCALE)] },
    },
    series: [
      {},
      {
        stroke: (chart) => readColor(chart, '--chart-line'),
        fill: (chart) => readColor(chart, '--chart-fill'),
        width: 1.5,
        points: {
          show: true,
          size: 4,
          fill: (chart) => readColor(chart, '--chart-line'),
          filter: (chart, series) => findLonely(chart.data[series] ?? []),
        },
      },
    ],
  };
}
