import { DesktopOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language } from '@/i18n/language';
import { Choice } from '@/components/choice/Choice';
import { COLOR_MODES, type ColorMode } from './colorMode';
import styles from './PreferenceControls.module.css';
import { usePreferences } from './PreferencesContext';

const ICONS: Record<ColorMode, ReactNode> = {
  light: <SunOutlined />,
  dark: <MoonOutlined />,
  system: <DesktopOutlined />,
};

/** Each language is named in itself, so that it is found by who needs it. */
const LANGUAGE_NAMES: Record<Language, string> = { 'zh-CN': '中文', en: 'English' };

export function PreferenceControls(): ReactNode {
  const { t } = useTranslation();
  const { language, setLanguage, colorMode, setColorMode } = usePreferences();
  return (
    <div className={styles['controls']}>
      <Choice
        label={t('preferences.language')}
        options={(Object.keys(LANGUAGE_NAMES) as Language[]).map((value) => ({
          value,
          name: LANGUAGE_NAMES[value],
          content: LANGUAGE_NAMES[value],
        }))}
        value={language}
        onChange={setLanguage}
      />
      <Choice
        label={t('preferences.theme')}
        options={COLOR_MODES.map((value) => ({
          value,
          name: t(`preferences.${value}`),
          content: ICONS[value],
        }))}
        value={colorMode}
        onChange={setColorMode}
      />
    </div>
  );
}
