import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeServer, json, message, model, RULES } from '@/test/fakeServer';
import { renderPage } from '@/test/renderPage';
import { formatCost, formatCount } from './format';
import { matchModels } from './useModelCompletion';

const QWEN = model();
const DEEPSEEK = model({
  name: 'deepseek',
  label: 'deepseek-chat',
  position: 2,
  is_default: false,
  state: 'open',
  open_until: '2026-11-21T08:05:00Z',
});
const PICKER = { name: /Choose a model/ };

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer().install();
  server.models = [QWEN, DEEPSEEK, { ...RULES, position: 3 }];
});

describe('the model picker', () => {
  it('is not there when there is nothing to choose from', async () => {
    server.models = [RULES];
    renderPage('/sessions/s1');

    await waitFor(() => {
      expect(server.requests).toContain('GET /models');
    });
    expect(await screen.findByLabelText('Message')).toBeVisible();
    expect(screen.queryByRole('combobox', PICKER)).not.toBeInTheDocument();
  });

  it('tells mode, window, price and trouble of each model', async () => {
    renderPage('/sessions/s1');

    await userEvent.setup().click(await screen.findByRole('combobox', PICKER));

    const options = screen.getAllByRole('option').map((option) => option.textContent);
    expect(options).toHaveLength(4);
    expect(options[0]).toContain('Tried in turn: qwen → deepseek → rules');
    expect(options[1]).toContain('128k context');
    expect(options[1]).toContain('per million tokens: 2 in, 8 out');
    expect(options[2]).toContain('left alone until');
    expect(options[3]).toContain('No model: answers by built-in rules');
  });

  it('is worked by keys, and sends the choice with every question of this session', async () => {
    const user = userEvent.setup();
    const first = renderPage('/sessions/s1');
    const picker = await screen.findByRole('combobox', PICKER);
    picker.focus();

    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}');
    expect(picker.getAttribute('aria-activedescendant')).toBe(screen.getAllByRole('option')[2]?.id);
    await user.keyboard('{Enter}');
    expect(screen.getByRole('combobox', { name: 'Choose a model: now deepseek' })).toBeVisible();
    first.unmount();
    renderPage('/sessions/s1');
    await screen.findByRole('combobox', { name: 'Choose a model: now deepseek' });
    await user.type(screen.getByLabelText('Message'), 'hello{Enter}');

    await waitFor(() => {
      expect(server.bodies).toContainEqual({ message: 'hello', model: 'deepseek' });
    });
  });

  it('takes the choice made before the first question along into the new session', async () => {
    const user = userEvent.setup();
    renderPage('/');
    await user.click(await screen.findByRole('combobox', PICKER));
    await user.click(screen.getByRole('option', { name: /^qwen/ }));

    await user.type(screen.getByLabelText('Message'), 'hello{Enter}');

    await waitFor(() => {
      expect(server.bodies).toContainEqual({ message: 'hello', model: 'qwen' });
    });
    await waitFor(() => {
      expect(server.requests).toContain('GET /sessions/s1');
    });
    await waitFor(() => {
      expect(screen.getByRole('combobox', { name: 'Choose a model: now qwen' })).toBeVisible();
    });
  });

  it('forgets a model that is no longer configured', async () => {
    localStorage.setItem('ding-robot.models', JSON.stringify({ s1: 'gone' }));
    const user = userEvent.setup();
    renderPage('/sessions/s1');

    expect(await screen.findByRole('combobox', { name: 'Choose a model: now Automatic' })).toBeVisible();
    await user.type(screen.getByLabelText('Message'), 'hello{Enter}');

    await waitFor(() => {
      expect(server.bodies).toContainEqual({ message: 'hello' });
    });
  });
});

describe('completing @name', () => {
  it('offers names at the beginning of a message and puts the chosen one in', async () => {
    const user = userEvent.setup();
    renderPage('/sessions/s1');
    await screen.findByRole('combobox', PICKER);
    const field = screen.getByLabelText('Message');

    await user.type(field, '@d');
    expect(screen.getAllByRole('option')).toHaveLength(1);
    expect(screen.getByText(/1 match/)).toBeInTheDocument();
    await user.keyboard('{Enter}');

    expect(field).toHaveValue('@deepseek ');
    expect(server.bodies).toEqual([]);
    expect(screen.queryByRole('option')).not.toBeInTheDocument();
  });

  it('goes away with Escape until something else is typed', async () => {
    const user = userEvent.setup();
    renderPage('/sessions/s1');
    await screen.findByRole('combobox', PICKER);

    await user.type(screen.getByLabelText('Message'), '@{Escape}');
    expect(screen.queryByRole('option')).not.toBeInTheDocument();
    await user.keyboard('q');

    expect(screen.getByRole('option', { name: /^qwen/ })).toBeVisible();
  });

  it.each([
    ['@', ['qwen', 'deepseek', 'rules']],
    ['@DEEP', ['deepseek']],
    ['mail me@', []],
    ['@qwen hello', []],
    ['hello', []],
  ])('matches %j', (draft, names) => {
    expect(matchModels(draft, server.models).map(({ name }) => name)).toEqual(names);
  });
});

describe('tokens and costs', () => {
  it('are shown for an answer over all of its runs, and for the session', async () => {
    const used = { calls: 2, input_tokens: 12_000, output_tokens: 345, cost: 0.0268 };
    server.on('GET /usage', () => json({ ...used, items: [{ model: 'qwen3-max', ...used }] }));
    server.page = {
      items: [
        message({
          mode: 'model',
          model: 'qwen3-max',
          usage: { input_tokens: 12_000, output_tokens: 345 },
          blocks: [{ type: 'text', id: 'x', text: 'Done.' }],
        }),
      ],
      next_before: null,
      active_run: null,
    };
    renderPage('/sessions/s1');

    expect(await screen.findByText('12.3k tokens')).toHaveTextContent('12.3k tokens · cost 0.027');
    expect(await screen.findByText('12,000 in · 345 out tokens')).toBeVisible();
    expect(await screen.findByText('cost 0.027')).toBeVisible();
    expect(server.requests).toContain('GET /usage?run_id=r1');
  });

  it('are written short', () => {
    expect([0, 999, 1000, 12_345, 128_000, 1_250_000].map(formatCount)).toEqual([
      '0', '999', '1k', '12.3k', '128k', '1.3M',
    ]);
    expect([0, 0.00123, 0.5, 12.4].map((cost) => formatCost(cost, 'en'))).toEqual([
      '0.00', '0.0012', '0.50', '12.40',
    ]);
  });
});
