import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LANGUAGES, type Language } from '../language';

/** Texts that only one page needs come with it; call this before the first text is asked for. */
export function usePageTexts(page: string, texts: Record<Language, object>): void {
  const { i18n } = useTranslation();
  useState(() => {
    for (const language of LANGUAGES) {
      i18n.addResourceBundle(language, 'translation', { [page]: texts[language] }, true, true);
    }
  });
}
