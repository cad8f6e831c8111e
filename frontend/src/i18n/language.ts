export const LANGUAGES = ['zh-CN', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

const STORAGE_KEY = 'ding-robot.language';

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value);
}

export function storedLanguage(storage: Storage): Language {
  const stored = storage.getItem(STORAGE_KEY);
  return isLanguage(stored) ? stored : 'zh-CN';
}

export function storeLanguage(storage: Storage, language: Language): void {
  storage.setItem(STORAGE_KEY, language);
}
