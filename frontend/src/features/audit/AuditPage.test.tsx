import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '@/api/types';
import { FakeServer, json, problem } from '@/test/fakeServer';
import { renderPage } from '@/test/renderPage';

function record(seq: number, fields: Partial<AuditRecord> = {}): AuditRecord {
  return {
    seq,
    at: '2026-11-21T08:00:00Z',
    actor: 'ann',
    action: 'tool.finished',
    subject: 'k8s-get-pods',
    details: { run_id: `run-${String(seq)}` },
    previous_hash: `before-${String(seq)}`,
    hash: `hash-${String(seq)}`,
    ...fields,
  };
}

const NEWEST = [record(3), record(2, { actor: 'unknown', action: 'login.failed', subject: '10.0.0.9' })];

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer().install();
  server.on('GET /audit', (request) => {
    const query = new URL(request.url).searchParams;
    if (query.get('action') === 'login.') return json({ items: NEWEST.slice(1), next_before: null });
    return query.get('before') === '2'
      ? json({ items: [record(1)], next_before: null })
      : json({ items: NEWEST, next_before: 2 });
  });
});

const numbers = (): (string | undefined)[] =>
  screen.getAllByRole('button', { name: /Details of record/ }).map((button) => button.textContent.trim());

describe('the audit', () => {
  it('shows records newest first and older ones on demand', async () => {
    const user = userEvent.setup();
    renderPage('/audit');

    expect(await screen.findByText('2 loaded')).toBeVisible();
    expect(numbers()).toEqual(['3', '2']);
    await user.click(screen.getByRole('button', { name: 'Older records' }));

    expect(await screen.findByText('No older records')).toBeVisible();
    expect(numbers()).toEqual(['3', '2', '1']);
  });

  it('asks the server for one family of actions', async () => {
    const user = userEvent.setup();
    renderPage('/audit');
    await screen.findByText('2 loaded');

    await user.selectOptions(screen.getByLabelText('Action'), 'Logins');

    expect(await screen.findByText('1 loaded')).toBeVisible();
    expect(server.requests).toContain('GET /audit?limit=100&action=login.');
  });

  it('narrows what is loaded by actor and words', async () => {
    const user = userEvent.setup();
    renderPage('/audit');
    await screen.findByText('2 loaded');

    await user.selectOptions(screen.getByLabelText('Actor'), 'ann');
    expect(numbers()).toEqual(['3']);
    await user.type(screen.getByRole('searchbox'), '10.0.0.9');

    expect(screen.getByText('No loaded record matches.')).toBeVisible();
  });

  it('shows details and the chain of a record', async () => {
    renderPage('/audit');

    await userEvent.setup().click(await screen.findByRole('button', { name: 'Details of record 3' }));

    expect(screen.getByText(/run-3/)).toBeVisible();
    expect(screen.getByText('hash-3')).toBeVisible();
    expect(screen.getByText('before-3')).toBeVisible();
  });

  it('is for administrators only', async () => {
    server.me = { name: 'eve', role: 'operator', is_login_required: true };
    renderPage('/audit');

    expect(await screen.findByText(/Only administrators may read the audit/)).toBeVisible();
    expect(server.requests.filter((request) => request.includes('/audit'))).toEqual([]);
  });

  it('says so when it is empty or cannot be read', async () => {
    server.on('GET /audit', () => json({ items: [], next_before: null }));
    const empty = renderPage('/audit');
    expect(await screen.findByText('No records yet.')).toBeVisible();
    empty.unmount();
    server.on('GET /audit', () => problem(403, 'forbidden', 'Not for you.'));
    renderPage('/audit');

    expect(await screen.findByText('Not for you.')).toBeVisible();
  });
});
