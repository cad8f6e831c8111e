import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Statement, ToolCallBlock } from '@/api/types';
import { FakeServer, message } from '@/test/fakeServer';
import { renderPage, renderPart } from '@/test/renderPage';
import { GroundedText } from './GroundedText';

const TEXT = 'Pod web runs. Pod api is slow. Pod db has failed.';

function statement(words: string, fields: Partial<Statement>): Statement {
  const start = TEXT.indexOf(words);
  return {
    start,
    end: start + words.length,
    status: 'cited',
    tool_call_ids: [],
    detail: null,
    ...fields,
  };
}

const STATEMENTS = [
  statement('Pod web runs.', { tool_call_ids: ['c1'] }),
  statement('Pod api is slow.', { status: 'unverified' }),
  statement('Pod db has failed.', {
    status: 'contradicted',
    tool_call_ids: ['c2'],
    detail: { en: 'The results show db as Running.', zh: '结果显示 db 的状态是 Running。' },
  }),
];

function toolCall(id: string, name: string): ToolCallBlock {
  return {
    type: 'tool_call',
    id,
    name,
    server: 'k8s',
    arguments: {},
    arguments_text: '{}',
    risk: 'read',
    status: 'ok',
    text: `result of ${name}`,
    structured: null,
    duration_ms: 5,
    error: null,
  };
}

const BLOCK = { type: 'text' as const, id: 'm', text: TEXT, statements: STATEMENTS };

describe('GroundedText', () => {
  it('shows no mark while the answer is being written', () => {
    const { container } = renderPart(<GroundedText block={BLOCK} isFinished={false} />);

    expect(container.querySelector('sup, [role=note], [data-status]')).toBeNull();
  });

  it('explains a doubt at a touch, and to those who cannot see it', async () => {
    renderPart(<GroundedText block={BLOCK} isFinished />);

    expect(screen.getByText('Pod api is slow.')).toHaveAttribute('data-status', 'unverified');
    expect(screen.getByText(/Unverified: no tool result supports this/)).toHaveClass('visually-hidden');
    await userEvent.setup().tab();

    expect(await screen.findByRole('tooltip')).toHaveTextContent('no tool result supports this');
  });

  it.each([
    ['en', 'The results show db as Running.'],
    ['zh-CN', '结果显示 db 的状态是 Running。'],
  ] as const)('says in %s what the result says instead', (language, says) => {
    renderPart(<GroundedText block={BLOCK} isFinished />, language);

    expect(screen.getByRole('note')).toHaveTextContent(says);
  });
});

describe('an answer with sources', () => {
  let server: FakeServer;

  beforeEach(() => {
    server = new FakeServer().install();
  });

  it('numbers the calls, leads to their cards and counts what was found', async () => {
    server.page = {
      items: [
        message({ blocks: [toolCall('c1', 'k8s-get-pods'), toolCall('c2', 'k8s-describe-pod'), BLOCK] }),
      ],
      next_before: null,
      active_run: null,
    };
    renderPage('/sessions/s1');
    const card = await screen.findByRole('group', { name: /k8s-describe-pod/ });
    expect(within(card).getByText('Source 2')).toBeInTheDocument();
    expect(screen.getByText('1 supported')).toBeVisible();
    expect(screen.getByText('1 unverified')).toBeVisible();
    expect(screen.getByText('1 contradicted')).toBeVisible();

    await userEvent.setup().click(screen.getByRole('button', { name: /Rests on 2: k8s-describe-pod/ }));

    expect(within(card).getByText('result of k8s-describe-pod')).toBeVisible();
    expect(within(card).getByRole('button', { name: /k8s-describe-pod/ })).toHaveFocus();
  });

  it('points back to calls of earlier answers', async () => {
    server.page = {
      items: [
        message({ id: 'm1', turn_id: 't1', blocks: [toolCall('c1', 'k8s-get-pods')] }),
        message({ id: 'm2', turn_id: 't2', blocks: [{ ...BLOCK, statements: STATEMENTS.slice(0, 1) }] }),
      ],
      next_before: null,
      active_run: null,
    };
    renderPage('/sessions/s1');

    await userEvent
      .setup()
      .click(await screen.findByRole('button', { name: /earlier call of k8s-get-pods/ }));

    expect(screen.getByText('result of k8s-get-pods')).toBeVisible();
  });

  it('names no card for a call that is not loaded', async () => {
    server.page = {
      items: [message({ blocks: [{ ...BLOCK, statements: STATEMENTS.slice(0, 1) }] })],
      next_before: null,
      active_run: null,
    };
    renderPage('/sessions/s1');

    expect(await screen.findByText(/Rests on an earlier tool result/)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: /Rests on/ })).not.toBeInTheDocument();
  });
});
