import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { LocalText } from './toolResult';

/** Chooses the text of a tool server that fits the page's language. */
export function useLocalText(): (text: LocalText) => string {
  const { language } = useTranslation().i18n;
  return useCallback((text) => (language === 'en' ? text.en : text.zh), [language]);
}
