/** `950`, `12.3k`, `1.2M`: enough to compare, short enough for a line. */
export function formatCount(count: number): string {
  if (count < 1000) return String(count);
  if (count < 1_000_000) return `${trim(count / 1000)}k`;
  return `${trim(count / 1_000_000)}M`;
}

/** Small sums keep two digits that say something: 0.0042, 0.35, 12.40. */
export function formatCost(cost: number, language: string): string {
  const digits = cost > 0 && cost < 0.1 ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat(language, digits).format(cost);
}

function trim(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0).replace(/\.0$/, '');
}
