import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Grant } from '@/api/types';
import { FakeServer, json, problem } from '@/test/fakeServer';
import { renderPart } from '@/test/renderPage';
import { SessionGrants } from './SessionGrants';

const GRANT: Grant = {
  session_id: 's1',
  server: 'k8s',
  tool: 'k8s-restart-workload',
  remember_key: 'restart default/web',
  granted_by: 'ann',
  created_at: '2026-11-21T08:00:00Z',
};

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer().install();
  server.grants = [GRANT];
});

describe('SessionGrants', () => {
  it('is silent when nothing is granted', async () => {
    server.grants = [];
    renderPart(<SessionGrants sessionId="s1" />);

    await waitFor(() => {
      expect(server.requests).toContain('GET /sessions/s1/grants');
    });
    expect(screen.queryByRole('button')).not.toBeInTheDocument();
  });

  it('lists what is not asked about and takes it back', async () => {
    const user = userEvent.setup();
    server.on('DELETE /sessions/s1/grants', () => json({ items: [] }));
    renderPart(<SessionGrants sessionId="s1" />);

    await user.click(await screen.findByRole('button', { name: '1 grants in this session' }));
    expect(screen.getByText('restart default/web')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Revoke the grant of k8s-restart-workload' }));

    await waitFor(() => {
      expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
    });
    expect(server.requests).toContain(
      'DELETE /sessions/s1/grants?tool=k8s-restart-workload&remember_key=restart%20default%2Fweb',
    );
  });

  it('keeps a grant that could not be taken back', async () => {
    const user = userEvent.setup();
    server.on('DELETE /sessions/s1/grants', () => problem(500, 'internal', 'Something failed.'));
    renderPart(<SessionGrants sessionId="s1" />);
    await user.click(await screen.findByRole('button', { name: /grants/ }));

    await user.click(screen.getByRole('button', { name: /Revoke the grant/ }));

    expect(await screen.findByText('Something failed.')).toBeVisible();
    expect(screen.getByText('k8s-restart-workload')).toBeVisible();
  });
});
