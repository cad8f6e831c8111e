/** Turns measured points into what a chart draws. No IO. */
import type { Point } from '@/api/types';

/** Seconds since 1970, and a value; null where nothing was measured for a while. */
export type Column = [number[], (number | null)[]];

/** The time that a chart shows, in seconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

/**
 * The points of one series inside a span, which it fills from end to end. A line must not cross a
 * time in which nobody looked, so where two points are further apart than `gapSeconds` it is broken.
 */
export function toColumn(points: readonly Point[], span: Span, gapSeconds: number): Column {
  const times: number[] = [span.from];
  const values: (number | null)[] = [null];
  let last: number | null = null;
  for (const { at, value } of points) {
    const time = Date.parse(at) / 1000;
    if (time <= span.from || time >= span.to) continue;
    if (last !== null && time - last > gapSeconds) {
      times.push((last + time) / 2);
      values.push(null);
    }
    times.push(time);
    values.push(value);
    last = time;
  }
  return [
    [...times, span.to],
    [...values, null],
  ];
}

const LEAST_SECONDS = 600;

/**
 * The part of a span that has points, with a margin, but at least ten minutes: the first readings of
 * a history must not look like a day, and a day is not worth drawing when it is empty.
 */
export function fitSpan(span: Span, series: readonly (readonly Point[])[]): Span {
  const firsts = series.flatMap(([first]) => (first === undefined ? [] : [Date.parse(first.at) / 1000]));
  if (firsts.length === 0) return span;
  const begin = Math.max(span.from, Math.min(...firsts));
  const margin = (span.to - begin) * 0.05;
  return { from: Math.max(span.from, Math.min(begin - margin, span.to - LEAST_SECONDS)), to: span.to };
}

/** The indices of values that have no neighbour: a line shows nothing of them, so they are drawn as dots. */
export function findLonely(values: ArrayLike<number | null | undefined>): number[] {
  const isBlank = (index: number): boolean => values[index] == null;
  return Array.from(values, (_value, index) => index).filter(
    (index) => !isBlank(index) && isBlank(index - 1) && isBlank(index + 1),
  );
}

export interface Extent {
  lowest: number;
  highest: number;
  newest: number;
}

/** Null when there is no point at all. */
export function measure(points: readonly Point[]): Extent | null {
  const newest = points.at(-1);
  if (newest === undefined) return null;
  const values = points.map(({ value }) => value);
  return { lowest: Math.min(...values), highest: Math.max(...values), newest: newest.value };
}
