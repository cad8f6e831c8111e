import { describe, expect, it } from 'vitest';
import { en } from './en';
import { zhCN } from './zhCN';

function leaves(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  return Object.entries(node as Record<string, unknown>).flatMap(([key, child]) =>
    leaves(child, path === '' ? key : `${path}.${key}`),
  );
}

const placeholders = (text: string): string[] => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

describe('texts', () => {
  it('have the same keys in both languages', () => {
    expect(leaves(en).map(([key]) => key)).toEqual(leaves(zhCN).map(([key]) => key));
  });

  it('are never empty and use the same placeholders', () => {
    const english = new Map(leaves(en));
    for (const [key, chinese] of leaves(zhCN)) {
      expect(chinese.trim(), key).not.toBe('');
      expect(english.get(key)?.trim(), key).not.toBe('');
      expect(placeholders(english.get(key) ?? ''), key).toEqual(placeholders(chinese));
    }
  });
});
