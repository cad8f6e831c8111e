import { ConfigProvider, theme as antdTheme, type ThemeConfig } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCNLocale from 'antd/locale/zh_CN';
import type { i18n } from 'i18next';
import { useEffect, useLayoutEffect, useMemo, useState, type ReactNode } from 'react';
import { I18nextProvider } from 'react-i18next';
import { setRequestLanguage } from '@/api/request';
import {
  chooseAppearance,
  storeColorMode,
  storedColorMode,
  type Appearance,
  type ColorMode,
} from '@/components/preferences/colorMode';
import { PreferencesContext, type Preferences } from '@/components/preferences/PreferencesContext';
import { storeLanguage, type Language } from '@/i18n/language';
import { antdTokens } from './antdTokens';

const DARK_QUERY = '(prefers-color-scheme: dark)';

export function PreferencesProvider({
  i18n,
  children,
}: {
  i18n: i18n;
  children: ReactNode;
}): ReactNode {
  const [language, setLanguage] = useState(i18n.language as Language);
  const [colorMode, setColorMode] = useState(() => storedColorMode(localStorage));
  const systemIsDark = useMediaQuery(DARK_QUERY);
  const appearance = chooseAppearance(colorMode, systemIsDark);

  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = appearance;
  }, [appearance]);

  useLayoutEffect(() => {
    document.documentElement.lang = language;
    setRequestLanguage(language);
  }, [language]);

  const preferences = useMemo<Preferences>(
    () => ({
      language,
      setLanguage: (next: Language) => {
        storeLanguage(localStorage, next);
        void i18n.changeLanguage(next);
        setLanguage(next);
      },
      colorMode,
      setColorMode: (next: ColorMode) => {
        storeColorMode(localStorage, next);
        setColorMode(next);
      },
      appearance,
    }),
    [language, colorMode, appearance, i18n],
  );

  return (
    <I18nextProvider i18n={i18n}>
      <PreferencesContext value={preferences}>
        <ConfigProvider
          locale={language === 'en' ? enUS : zhCNLocale}
          theme={themeFor(appearance)}
          button={{ autoInsertSpace: false }}
        >
          {children}
        </ConfigProvider>
      </PreferencesContext>
    </I18nextProvider>
  );
}

function themeFor(appearance: Appearance): ThemeConfig {
  const algorithm =
    appearance === 'dark' ? antdTheme.darkAlgorithm : antdTheme.defaultAlgorithm;
  return { algorithm, ...antdTokens(appearance) };
}

function useMediaQuery(query: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const list = window.matchMedia(query);
    const update = (): void => {
      setMatches(list.matches);
    };
    list.addEventListener('change', update);
    return () => {
      list.removeEventListener('change', update);
    };
  }, [query]);
  return matches;
}
