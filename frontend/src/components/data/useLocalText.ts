import { useTranslation } from 'react-i18next';
import type { LocalText } from './toolResult';

/** Chooses the text of a tool server that fits the page's language. */
export function useLocalText(): (text: LocalText) => string {
  const { i18n } = useTranslation();
  return (text) => (i18n.language === 'en' ? text.en : text.zh);
}
