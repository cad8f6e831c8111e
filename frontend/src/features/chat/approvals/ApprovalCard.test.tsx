import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { approval, FakeServer, json, problem } from '@/test/fakeServer';
import { renderPart } from '@/test/renderPage';
import { ApprovalCard } from './ApprovalCard';

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer().install();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('ApprovalCard', () => {
  it('shows the exact change, call and fingerprint', () => {
    renderPart(<ApprovalCard approval={approval()} onDecided={vi.fn()} />);

    expect(screen.getByText('Scale Deployment default/web from 3 to 5 replicas?')).toBeVisible();
    expect(screen.getByText('scale it back.')).toBeVisible();
    expect(screen.getByText('k8s-scale-deployment')).toBeVisible();
    expect(screen.getByText('9c1185a5c5e9')).toBeVisible();
    expect(screen.getByText('replicas')).toBeVisible();
  });

  it('shows what the server found out: before and after, pods, dry run and the way back', () => {
    const preview = {
      kind: 'scale',
      object: 'Deployment/default/web',
      before: 3,
      after: 5,
      pods: 2,
      dry_run: 'ok',
      undo: 'k8s-scale-deployment name=web replicas=3',
    };
    renderPart(<ApprovalCard approval={approval({ preview })} onDecided={vi.fn()} />);

    const row = screen.getByRole('row', { name: 'replicas 3 5' });
    expect(row.querySelector('del')).toHaveTextContent('3');
    expect(row.querySelector('ins')).toHaveTextContent('5');
    expect(screen.getByText('Pods to be started: 2')).toBeVisible();
    expect(screen.getByText(/the cluster would accept this change/)).toBeVisible();
    expect(screen.getByText('k8s-scale-deployment name=web replicas=3')).toBeVisible();
  });

  it('offers to approve for the session only where the server allows to remember', async () => {
    server.on('POST /approvals/a1', () => json({ approval: approval({ state: 'approved' }), run_id: 'r2' }));
    const { unmount } = renderPart(<ApprovalCard approval={approval()} onDecided={vi.fn()} />);
    expect(screen.queryByRole('button', { name: 'Approve for this session' })).not.toBeInTheDocument();
    unmount();
    const safe = approval({ can_remember: true, remember_key: 'restart default/web' });
    renderPart(<ApprovalCard approval={safe} onDecided={vi.fn()} />);

    await userEvent.setup().click(screen.getByRole('button', { name: 'Approve for this session' }));

    await waitFor(() => {
      expect(server.bodies).toEqual([{ decision: 'approve_for_session' }]);
    });
  });

  it('tells that a standing grant has answered', () => {
    const granted = approval({ state: 'approved', decided_by: 'remembered:ann', decided_at: '2026-11-21T08:01:00Z' });
    renderPart(<ApprovalCard approval={granted} onDecided={vi.fn()} />);

    expect(screen.getByText(/Approved by a standing grant of this session · ann/)).toBeVisible();
  });

  it('leaves the choice to others when the reader may only read', () => {
    renderPart(<ApprovalCard approval={approval()} onDecided={vi.fn()} />, 'en', { role: 'viewer' });

    expect(screen.getByText(/Needs the role “Operator”/)).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Approve and run' })).not.toBeInTheDocument();
  });

  it('rejects with a reason', async () => {
    const user = userEvent.setup();
    server.on('POST /approvals/a1', () => json({ approval: approval({ state: 'rejected' }), run_id: 'r2' }));
    const onDecided = vi.fn();
    renderPart(<ApprovalCard approval={approval()} onDecided={onDecided} />);

    await user.click(screen.getByRole('button', { name: 'Reject' }));
    await user.type(screen.getByLabelText(/Reason/), 'Not now');
    await user.click(screen.getByRole('button', { name: 'Confirm rejection' }));

    await waitFor(() => {
      expect(onDecided).toHaveBeenCalled();
    });
    expect(server.bodies).toEqual([{ decision: 'reject', reason: 'Not now' }]);
  });

  it.each([409, 410])('reads the stored state again when the answer is %i', async (status) => {
    server.on('POST /approvals/a1', () => problem(status, 'settled', 'Somebody was faster.'));
    const onDecided = vi.fn();
    renderPart(<ApprovalCard approval={approval()} onDecided={onDecided} />);

    await userEvent.setup().click(screen.getByRole('button', { name: 'Approve and run' }));

    expect(await screen.findByText(/Somebody was faster/)).toBeVisible();
    expect(onDecided).toHaveBeenCalled();
    expect(screen.queryByRole('button', { name: 'Approve and run' })).not.toBeInTheDocument();
  });

  it('lets the decision be tried again when it was not received', async () => {
    server.on('POST /approvals/a1', () => problem(500, 'internal', 'Something failed.'));
    renderPart(<ApprovalCard approval={approval()} onDecided={vi.fn()} />);

    await userEvent.setup().click(screen.getByRole('button', { name: 'Approve and run' }));

    expect(await screen.findByText('Something failed.')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Approve and run' })).toBeEnabled();
  });

  it('counts down and then offers no choice', () => {
    vi.useFakeTimers({ now: new Date('2026-11-21T08:00:00Z') });
    const expiring = approval({ expires_at: '2026-11-21T08:00:03Z' });
    renderPart(<ApprovalCard approval={expiring} onDecided={vi.fn()} />);
    expect(screen.getByText('Expires in 0:03')).toBeVisible();

    act(() => {
      vi.advanceTimersByTime(4000);
    });

    expect(screen.getByText('Expired')).toBeVisible();
    expect(screen.queryByRole('button')).not.toBeInTheDocument();
  });

  it('tells who decided and why', () => {
    const rejected = approval({
      state: 'rejected',
      decided_at: '2026-11-21T08:01:00Z',
      decided_by: 'operator',
      reason: 'During the sale',
    });
    renderPart(<ApprovalCard approval={rejected} onDecided={vi.fn()} />);

    expect(screen.getByText(/Rejected · operator/)).toHaveTextContent('Reason: During the sale');
    expect(screen.queryByRole('button')).not.toBeInTheDocument();
  });
});
