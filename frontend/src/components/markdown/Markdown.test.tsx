import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { renderPart } from '@/test/renderPage';
import { Markdown } from './Markdown';

describe('Markdown', () => {
  it.each(['**注意：**正文', '这是**“重点”**内容', '**端口8080。**监听', '先看**（紧急）**再看'])(
    'reads emphasis beside Chinese punctuation in %s',
    (text) => {
      const { container } = renderPart(<Markdown text={text} />);

      expect(container.querySelector('strong')).not.toBeNull();
      expect(container).not.toHaveTextContent(/\*\*/);
    },
  );

  it('shows raw HTML as text', () => {
    const { container } = renderPart(<Markdown text={'<img src=x onerror="alert(1)"> <b>hi</b>'} />);

    expect(container.querySelector('img, b')).toBeNull();
    expect(container).toHaveTextContent('<b>hi</b>');
  });

  it('opens links apart from the page and drops script addresses', () => {
    renderPart(<Markdown text={'[docs](https://example.org) [bad](javascript:alert(1))'} />);

    const link = screen.getByRole('link', { name: 'docs' });
    expect(link).toHaveAttribute('rel', 'noopener noreferrer');
    expect(link).toHaveAttribute('target', '_blank');
    expect(screen.getByText('bad')).not.toHaveAttribute('href', expect.stringContaining('javascript'));
  });

  it('links images instead of fetching them', () => {
    const { container } = renderPart(<Markdown text="![chart](https://example.org/?secret)" />);

    expect(container.querySelector('img')).toBeNull();
    expect(screen.getByRole('link', { name: 'chart' })).toBeVisible();
  });

  it('offers to copy code', () => {
    renderPart(<Markdown text={'```bash\nkubectl get pods\n```'} />);

    expect(screen.getByText('bash')).toBeVisible();
    expect(screen.getByText('kubectl get pods')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Copy' })).toBeVisible();
  });

  it('keeps the parts it has drawn while the text grows', () => {
    const { container, rerender } = renderPart(<Markdown text={'first\n\nsec'} />);
    const first = container.querySelector('p');

    rerender(<Markdown text={'first\n\nsecond'} />);

    expect(container.querySelector('p')?.textContent).toBe(first?.textContent);
    expect(container).toHaveTextContent('second');
  });
});
