import { describe, expect, it } from 'vitest';
import { renderPart } from '@/test/renderPage';
import { Markdown } from './Markdown';
import { alignOffsets, type StatementRange } from './rehypeStatements';

/** Marks the given words of a text and draws it; a mark shows as its number in brackets. */
function draw(text: string, said: [words: string, status?: string, key?: string | null][]): HTMLElement {
  let from = 0;
  const ranges = said.map(([words, status = 'unverified', key = null], index): StatementRange => {
    const start = text.indexOf(words, from);
    if (start === -1) throw new Error(`${words} is not in the text`);
    from = start + words.length;
    return { index, start, end: from, status, key };
  });
  const marks = { ranges, render: (index: number) => <i>[{index}]</i> };
  return renderPart(<Markdown text={text} marks={marks} />).container;
}

const marked = (container: HTMLElement): string[] =>
  [...container.querySelectorAll('[data-status=unverified], [data-status=contradicted]')].map(
    (element) => element.textContent,
  );

describe('marking statements', () => {
  it('sets a sentence apart and puts its mark behind it', () => {
    const container = draw('One. Two is doubtful. Three.', [['Two is doubtful.']]);

    expect(marked(container)).toEqual(['Two is doubtful.']);
    expect(container).toHaveTextContent('One. Two is doubtful.[0] Three.');
  });

  it('leaves a sentence with a source as it is but for the mark', () => {
    const container = draw('Pod web runs. More.', [['Pod web runs.', 'cited']]);

    expect(marked(container)).toEqual([]);
    expect(container).toHaveTextContent('Pod web runs.[0] More.');
  });

  it('follows a statement through emphasis, code and links', () => {
    const text = 'See **web** with `nginx:1.27` and [docs](https://example.org) now. End.';
    const container = draw(text, [['See **web** with `nginx:1.27` and [docs](https://example.org) now.']]);

    expect(marked(container).join('')).toBe('See web with nginx:1.27 and docs now.');
    expect(container.querySelector('a i, strong i, code i')).toBeNull();
    expect(container).toHaveTextContent('now.[0] End.');
  });

  it('finds its place after escapes, entities and characters of two units', () => {
    const text = 'a \\* b &amp; 🚀 c。Pod \\<web\\> 不正常。完。';
    const container = draw(text, [['Pod \\<web\\> 不正常。']]);

    expect(marked(container)).toEqual(['Pod <web> 不正常。']);
  });

  it('follows words that a found address stands between', () => {
    const text = 'First www.example.org is fine. Second is not fine. Third.';
    const container = draw(text, [['Second is not fine.']]);

    expect(marked(container)).toEqual(['Second is not fine.']);
  });

  it('marks each row of a table at its end', () => {
    const text = '| pod | state |\n|---|---|\n| web | `Running` |\n| api | **Failed** |\n';
    const container = draw(text, [
      ['| web | `Running` |', 'cited'],
      ['| api | **Failed** |', 'contradicted'],
    ]);

    const rows = [...container.querySelectorAll('tbody tr')].map((row) => row.textContent);
    expect(rows).toEqual(['webRunning[0]', 'apiFailed[1]']);
    expect(marked(container)).toEqual(['api', 'Failed']);
  });

  it('marks items of lists, also nested ones, in the item', () => {
    const text = '- one\n  - inner\n- two lines\n  go on\n';
    const container = draw(text, [['one'], ['inner'], ['two lines\n  go on']]);

    const items = [...container.querySelectorAll('li')].map((item) =>
      item.textContent.replaceAll(/\s+/g, ' ').trim(),
    );
    expect(items).toEqual(['one[0] inner[1]', 'inner[1]', 'two lines go on[2]']);
  });

  it('puts the mark of code under its block', () => {
    const text = 'Log:\n\n```text\nline one\n\nline two\n```\n\nEnd.';
    const container = draw(text, [['line one\n\nline two']]);

    expect(container.querySelector('pre')).toHaveTextContent('line one line two');
    expect(container).toHaveTextContent('[0]End.');
  });

  it('finds statements in every part of a long answer', () => {
    const text = '# 标题\n\n第一段。\n\n- 甲\n- 乙\n\n最后一段有问题。';
    const container = draw(text, [['标题', 'cited'], ['乙', 'cited'], ['最后一段有问题。']]);

    expect(container).toHaveTextContent('标题[0]');
    expect(container).toHaveTextContent('乙[1]');
    expect(marked(container)).toEqual(['最后一段有问题。']);
  });

  it('joins the marks of neighbours that say the same, within one block only', () => {
    const text = 'One. Two. Three.\n\nFour.';
    const container = draw(text, [
      ['One.', 'cited', 'a'],
      ['Two.', 'cited', 'a'],
      ['Three.', 'cited', 'b'],
      ['Four.', 'cited', 'b'],
    ]);

    expect(container).toHaveTextContent('One. Two.[1] Three.[2]');
    expect(container).toHaveTextContent('Four.[3]');
  });

  it('does not break on places outside of the text', () => {
    const marks = {
      ranges: [{ index: 0, start: 900, end: 950, status: 'unverified', key: null }],
      render: () => <i>[0]</i>,
    };
    const { container } = renderPart(<Markdown text="Short." marks={marks} />);

    expect(container).toHaveTextContent('Short.');
    expect(container).not.toHaveTextContent('[0]');
  });
});

describe('alignOffsets', () => {
  it('is the identity where nothing was taken out', () => {
    expect(alignOffsets('abc', 'abc')).toEqual([0, 1, 2]);
  });

  it('passes over what the drawn text lacks', () => {
    expect(alignOffsets('a*b', 'a\\*b')).toEqual([0, 2, 3]);
    expect(alignOffsets('x', '`x`')).toEqual([1]);
    expect(alignOffsets('<b', '&lt;b')).toEqual([0, 4]);
  });
});
