import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en } from './en';
import type { Language } from './language';
import type { audit } from './pages/audit';
import type { dashboard } from './pages/dashboard';
import type { login } from './pages/login';
import type { tools } from './pages/tools';
import { zhCN } from './zhCN';

type Texts = typeof zhCN & {
  audit: (typeof audit)['zh-CN'];
  dashboard: (typeof dashboard)['zh-CN'];
  login: (typeof login)['zh-CN'];
  tools: (typeof tools)['zh-CN'];
};

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: Texts };
    returnObjects: true;
  }
}

export function createI18n(language: Language): i18n {
  const instance = i18next.createInstance();
  // The texts are bundled, so this settles before the first render.
  void instance.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'zh-CN',
    resources: { 'zh-CN': { translation: zhCN }, en: { translation: en } },
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  return instance;
}
