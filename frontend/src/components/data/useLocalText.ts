import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import conditions from '@/i18n/conditions.json';
import type { LocalText } from './toolResult';

/** Chooses the text of a tool server that fits the page's language. */
export function useLocalText(): (text: LocalText) => string {
  const { language } = useTranslation().i18n;
  return useCallback((text) => (language === 'en' ? text.en : text.zh), [language]);
}

const TITLES = new Map<string, LocalText>(Object.entries(conditions));

/** What a condition is called; one of another server keeps its id. */
export function useConditionTitle(): (id: string) => string {
  const inLanguage = useLocalText();
  return useCallback(
    (id) => {
      const title = TITLES.get(id);
      return title === undefined ? id : capitalize(inLanguage(title));
    },
    [inLanguage],
  );
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
