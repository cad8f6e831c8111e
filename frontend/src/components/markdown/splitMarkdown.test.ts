import { describe, expect, it } from 'vitest';
import { splitMarkdown } from './splitMarkdown';

describe('splitMarkdown', () => {
  it('cuts at blank lines between paragraphs', () => {
    expect(splitMarkdown('one\nmore\n\ntwo').map(({ text }) => text.trim())).toEqual([
      'one\nmore',
      'two',
    ]);
  });

  it('keeps a code fence with blank lines together, also while it is open', () => {
    expect(splitMarkdown('```\na\n\nb\n```\n\nend')).toHaveLength(2);
    expect(splitMarkdown('```\na\n\nb')).toHaveLength(1);
  });

  it('keeps a loose list together so that its numbers go on', () => {
    expect(splitMarkdown('1. a\n\n   more of a\n\n2. b\n\nend')).toHaveLength(2);
  });

  it('does not cut a document with link definitions', () => {
    expect(splitMarkdown('[a][x]\n\ntext\n\n[x]: https://example.org')).toHaveLength(1);
  });

  it('loses no line', () => {
    const text = '# t\n\npara\n\n- a\n- b\n\n~~~\nx\n\ny\n~~~\n\n| a |\n|---|\n| b |';

    const parts = splitMarkdown(text).map((part) => part.text);
    expect(parts.join('\n').replaceAll('\n\n', '\n')).toBe(
      text.replaceAll('\n\n', '\n'),
    );
  });

  it('knows where each part begins', () => {
    const text = '\n\none\n\n\n\n二\n\n```\na\n\nb\n```\n\n- c\n';

    for (const part of splitMarkdown(text)) {
      expect(text.slice(part.start, part.start + part.text.length)).toBe(part.text);
    }
  });
});
