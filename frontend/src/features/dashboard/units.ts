/** Figures as people read them, in the words of the page's language. */
import type { TFunction } from 'i18next';
import type { Words } from '@/api/types';

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
