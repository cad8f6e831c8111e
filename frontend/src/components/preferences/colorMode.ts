export const COLOR_MODES = ['light', 'dark', 'system'] as const;
export type ColorMode = (typeof COLOR_MODES)[number];
export type Appearance = 'light' | 'dark';

const STORAGE_KEY = 'ding-robot.color-mode';

export function storedColorMode(storage: Storage): ColorMode {
  const stored = storage.getItem(STORAGE_KEY);
  return COLOR_MODES.find((mode) => mode === stored) ?? 'system';
}

export function storeColorMode(storage: Storage, mode: ColorMode): void {
  storage.setItem(STORAGE_KEY, mode);
}

export function chooseAppearance(mode: ColorMode, systemIsDark: boolean): Appearance {
  if (mode !== 'system') return mode;
  return systemIsDark ? 'dark' : 'light';
}
