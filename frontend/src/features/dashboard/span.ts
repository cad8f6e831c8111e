import type { Span } from '@/components/charts/points';

/** Twice as long as nobody may look by the ordinary schedule of patrol, and longer than what one point stands for. */
export const TREND_GAP_SECONDS = 1_500;

/** The hours up to a moment, in seconds since 1970. */
export function lastHours(hours: number, untilMs: number): Span {
  const to = Math.ceil(untilMs / 1000);
  return { from: to - hours * 3_600, to };
}
