import { describe, expect, it } from 'vitest';
import { en } from './en';
import { audit } from './pages/audit';
import { dashboard } from './pages/dashboard';
import { login } from './pages/login';
import { tools } from './pages/tools';
import { zhCN } from './zhCN';

function leaves(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  return Object.entries(node as Record<string, unknown>).flatMap(([key, child]) =>
    leaves(child, path === '' ? key : `${path}.${key}`),
  );
}

const placeholders = (text: string): string[] => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

describe.each([
  ['page', { 'zh-CN': zhCN, en }],
  ['audit', audit],
  ['dashboard', dashboard],
  ['login', login],
  ['tools', tools],
])('texts of %s', (_name, texts) => {
  it('have the same keys in both languages', () => {
    expect(leaves(texts.en).map(([key]) => key)).toEqual(leaves(texts['zh-CN']).map(([key]) => key));
  });

  it('are never empty and use the same placeholders', () => {
    const english = new Map(leaves(texts.en));
    for (const [key, chinese] of leaves(texts['zh-CN'])) {
      expect(chinese.trim(), key).not.toBe('');
      expect(english.get(key)?.trim(), key).not.toBe('');
      expect(placeholders(english.get(key) ?? ''), key).toEqual(placeholders(chinese));
    }
  });
});
