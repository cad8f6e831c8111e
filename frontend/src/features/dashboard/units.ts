/** Figures as people read them, in the words of the page's language. */
import type { TFunction } from 'i18next';
import type { Words } from '@/api/types';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Rounded down, so that what is not full never reads as 100 %. */
export function formatPercent(ratio: number): string {
  return `${String(Math.floor(ratio * 100))}%`;
}

/** `1.5 GiB`. */
export function formatBytes(count: number): string {
  const exponent = count < 1024 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** exponent;
  return `${exponent === 0 ? String(value) : value.toFixed(1)} ${BYTE_UNITS[exponent] ?? ''}`;
}

const STEPS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** `3 min`, in the largest unit that fits: an age or a wait. */
export function formatSpan(ms: number, t: TFunction): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [unit, size] = STEPS.find(([, length]) => seconds >= length) ?? ['second', 1];
  return t(`dashboard.span.${unit}`, { count: Math.floor(seconds / size) });
}

export function inLanguage(words: Words, language: string): string {
  return language === 'en' ? words.en : words.zh;
}
