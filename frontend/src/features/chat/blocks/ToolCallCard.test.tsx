import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { ToolCallBlock } from '@/api/types';
import { renderPart } from '@/test/renderPage';
import { ToolCallCard } from './ToolCallCard';

function call(fields: Partial<ToolCallBlock> = {}): ToolCallBlock {
  return {
    type: 'tool_call',
    id: 'c1',
    name: 'k8s-get-pods',
    server: 'k8s',
    arguments: { namespace: 'default' },
    arguments_text: '{"namespace":"default"}',
    risk: 'read',
    status: 'ok',
    text: 'NAME STATUS',
    structured: null,
    duration_ms: 42,
    error: null,
    ...fields,
  };
}

const PODS = {
  namespace: 'default',
  columns: [
    { key: 'name', label: 'NAME' },
    { key: 'status', label: 'STATUS' },
    { key: 'problem', label: 'PROBLEM' },
  ],
  rows: [['checkout-1', 'CrashLoopBackOff', 'crash-missing-env']],
  total: 23,
  shown: 1,
  next_cursor: 'x',
  counts: { CrashLoopBackOff: 1 },
  abnormal: 5,
  note: null,
  problems: [
    {
      condition: 'crash-missing-env',
      object: 'Deployment/default/checkout',
      severity: 'critical',
      cause: { en: 'A variable is missing.', zh: '缺少环境变量。' },
      evidence: ["KeyError: 'URL'"],
      next_step: { en: 'Set it.', zh: '设置它。' },
      confidence: 0.95,
    },
  ],
};

const open = async (name: RegExp) => {
  await userEvent.setup().click(screen.getByRole('button', { name }));
};

describe('ToolCallCard', () => {
  it('tells in one line what was asked, how much came back and how long it took', () => {
    renderPart(<ToolCallCard call={call({ structured: PODS })} />);

    const head = screen.getByRole('button', { name: /k8s-get-pods/ });
    expect(head).toHaveTextContent('namespace=default 23 in total 5 abnormal');
    expect(head).toHaveTextContent('42 ms');
    expect(head).toHaveAttribute('aria-expanded', 'false');
  });

  it('opens to a table with the rows that are missing counted, and to JSON', async () => {
    renderPart(<ToolCallCard call={call({ structured: PODS })} />);

    await open(/k8s-get-pods/);

    expect(screen.getByRole('cell', { name: 'checkout-1' })).toBeVisible();
    expect(screen.getByText('22 more not shown: narrow the question')).toBeVisible();
    await open(/^JSON$/);
    expect(screen.queryByRole('table')).not.toBeInTheDocument();
    expect(screen.getByText(/"next_cursor": "x"/)).toBeVisible();
  });

  it('lists problems with cause, evidence and next step in the language of the page', async () => {
    renderPart(<ToolCallCard call={call({ structured: PODS })} />, 'zh-CN');

    await open(/k8s-get-pods/);

    expect(screen.getByText('缺少环境变量。')).toBeVisible();
    expect(screen.getByText("KeyError: 'URL'")).toBeVisible();
    expect(screen.getByText(/设置它。/)).toBeVisible();
    expect(screen.getAllByText('缺少必需的环境变量')).toHaveLength(2);
  });

  it('shows logs as lines', async () => {
    const structured = { namespace: 'default', pod: 'web', container: 'web', lines: ['one', 'two'], truncated: true };
    renderPart(<ToolCallCard call={call({ structured })} />);

    await open(/k8s-get-pods/);

    expect(screen.getByText('two')).toBeVisible();
    expect(screen.getByText('Only the last part is shown')).toBeVisible();
  });

  it('shows any other object as facts and tables', async () => {
    const structured = { kind: 'Pod', node: 'node-2', ready: false, containers: [{ name: 'app', limits: { cpu: '1' } }] };
    renderPart(<ToolCallCard call={call({ structured })} />);

    await open(/k8s-get-pods/);

    expect(screen.getByText('node-2')).toBeVisible();
    expect(screen.getByRole('cell', { name: 'cpu=1' })).toBeVisible();
  });

  it('is open by itself when it failed, with the hint', () => {
    const error = { code: 'tool_failed', message: 'No namespace "x".', hint: 'Nearest: default.' };
    renderPart(<ToolCallCard call={call({ status: 'error', error, text: error.message })} />);

    expect(screen.getByText('No namespace "x".')).toBeVisible();
    expect(screen.getByText(/Nearest: default/)).toBeVisible();
  });

  it('says that a change may have happened when its outcome is unknown', () => {
    renderPart(<ToolCallCard call={call({ status: 'unknown', risk: 'change', text: null })} />);

    expect(screen.getByText(/may or may not have happened/)).toBeVisible();
    expect(screen.getAllByText('Change').length).toBeGreaterThan(0);
  });

  it('says so when the table is empty or there is no result', async () => {
    const empty = { ...PODS, rows: [], total: 0, shown: 0, next_cursor: null, abnormal: 0, problems: [] };
    renderPart(<ToolCallCard call={call({ structured: empty })} />);

    await open(/k8s-get-pods/);

    expect(screen.getByText('Nothing matches')).toBeVisible();
  });

  it('shows arguments that are no JSON as they were written', async () => {
    renderPart(<ToolCallCard call={call({ arguments: null, arguments_text: '{"a": ', status: 'cancelled', text: null })} />);

    await open(/k8s-get-pods/);

    expect(screen.getAllByText('{"a":')).not.toHaveLength(0);
  });
});
