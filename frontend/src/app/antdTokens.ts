import type { ThemeConfig } from 'antd';
import type { Appearance } from '@/components/preferences/colorMode';

/** antd computes shades from its seeds, so these repeat the values of theme.css instead of naming them. */
const COLORS = {
  light: {
    accent: '#2f5bd3',
    accentHover: '#2449ad',
    onAccent: '#ffffff',
    surface: '#ffffff',
    background: '#f6f7f9',
    border: '#c9d0da',
    text: '#1b2330',
    faint: '#626d80',
    danger: '#b12c3c',
  },
  dark: {
    accent: '#7ea2ff',
    accentHover: '#a3bdff',
    onAccent: '#0d1730',
    surface: '#191d25',
    background: '#11141a',
    border: '#3b4453',
    text: '#e5e9f0',
    faint: '#939eb0',
    danger: '#f5929c',
  },
} as const;

export function antdTokens(appearance: Appearance): ThemeConfig {
  const colors = COLORS[appearance];
  return {
    token: {
      colorPrimary: colors.accent,
      colorLink: colors.accent,
      colorError: colors.danger,
      colorBgContainer: colors.surface,
      colorBgElevated: colors.surface,
      colorBgLayout: colors.background,
      colorBorder: colors.border,
      colorText: colors.text,
      colorTextPlaceholder: colors.faint,
      borderRadius: 8,
      fontFamily: 'var(--font)',
      fontFamilyCode: 'var(--mono)',
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.18s',
    },
    components: {
      Button: {
        primaryColor: colors.onAccent,
        // The shades antd computes are too pale for the text on them.
        colorPrimaryHover: colors.accentHover,
        colorPrimaryActive: colors.accentHover,
        primaryShadow: 'none',
        defaultShadow: 'none',
        dangerShadow: 'none',
        dangerColor: colors.onAccent,
      },
    },
  };
}
