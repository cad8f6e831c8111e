import { createContext, useContext } from 'react';
import type { Language } from '@/i18n/language';
import type { Appearance, ColorMode } from './colorMode';

export interface Preferences {
  language: Language;
  setLanguage: (language: Language) => void;
  colorMode: ColorMode;
  setColorMode: (mode: ColorMode) => void;
  appearance: Appearance;
}

export const PreferencesContext = createContext<Preferences | null>(null);

export function usePreferences(): Preferences {
  const preferences = useContext(PreferencesContext);
  if (preferences === null) throw new Error('PreferencesContext is not provided');
  return preferences;
}
