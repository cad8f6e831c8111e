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

  const restart = {
    kind: 'restart',
    title: { en: 'Restart Deployment default/web?', zh: '重启 Deployment default/web？' },
    object: 'Deployment/default/web',
    cluster: 'prod',
    risk: 'change',
    changes: [],
    pods: ['web-1', 'web-2'],
    pods_total: 12,
    effects: [{ en: '12 pods are replaced.', zh: '将更换 12 个 Pod。' }],
    warnings: [{ en: 'Kept by Argo CD (shop).', zh: '由 Argo CD（shop）管理。' }],
    unknown: [{ en: 'This account may not list budgets.', zh: '此账号无权列出预算。' }],
    no_undo: { en: 'pods do not come back.', zh: 'Pod 不会回来。' },
    dry_run: 'ok',
  };

  it('tells the whole change from its preview, once', () => {
    renderPart(
      <ApprovalCard
        approval={approval({ preview: restart, question: 'Restart Deployment default/web?\n12 pods are replaced.' })}
        onDecided={vi.fn()}
      />,
    );

    expect(screen.getAllByText('12 pods are replaced.')).toHaveLength(1);
    expect(screen.getByText('Cluster: prod')).toBeVisible();
    expect(screen.getByText('Kept by Argo CD (shop).')).toBeVisible();
    expect(screen.getByText('Could not be found out')).toBeVisible();
    expect(screen.getByText('and 10 more')).toBeVisible();
    expect(screen.getByText('Pods affected (12)')).toBeVisible();
    expect(screen.getByText('pods do not come back.', { exact: false })).toBeVisible();
    expect(screen.getByText('Change')).toBeVisible();
  });

  it('tells it in Chinese where the page is Chinese', () => {
    renderPart(<ApprovalCard approval={approval({ preview: restart })} onDecided={vi.fn()} />, 'zh-CN');

    expect(screen.getByText('重启 Deployment default/web？')).toBeVisible();
    expect(screen.getByText('将更换 12 个 Pod。')).toBeVisible();
    expect(screen.getByText('此账号无权列出预算。')).toBeVisible();
    expect(screen.getByText('集群：prod')).toBeVisible();
  });

  it('shows several objects, each with what differs', () => {
    const preview = {
      kind: 'apply',
      title: { en: 'Apply 2 objects (1 new, 1 changed)?', zh: '应用 2 个对象？' },
      risk: 'destructive',
      objects: [
        { object: 'ConfigMap/default/a', action: 'create', changes: [{ field: 'data.x', before: null, after: '1' }] },
        { object: 'ConfigMap/default/b', action: 'update', changes: [{ field: 'data.y', before: '1', after: '2' }] },
      ],
      more_changes: 3,
    };
    renderPart(<ApprovalCard approval={approval({ preview })} onDecided={vi.fn()} />);

    expect(screen.getByText('ConfigMap/default/a')).toBeVisible();
    expect(screen.getByText('new')).toBeVisible();
    expect(screen.getByRole('row', { name: 'data.y 1 2' })).toBeVisible();
    expect(screen.getByText('3 more fields change')).toBeVisible();
    expect(screen.getByText('Destructive')).toBeVisible();
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

  it('asks about a command with its hosts and the reasons of the rules', () => {
    const preview = {
      kind: 'command',
      command: 'systemctl restart nginx',
      class: 'confirm',
      sudo: true,
      timeout_seconds: 60,
      hosts: [{ id: 'web-1', account: 'ops', address: '10.0.0.1:22', tier: 'prod' }],
      hosts_total: 1,
      reasons: [{ rule: 'C-service-change', en: 'Restarts services.', zh: '重启服务。', excerpt: '' }],
      why: 'It hangs.',
      approved_before: 2,
    };
    const question = 'Run on web-1: systemctl restart nginx';
    const { unmount } = renderPart(<ApprovalCard approval={approval({ preview, question })} onDecided={vi.fn()} />);

    expect(screen.getByText('Run this command on web-1?')).toBeVisible();
    expect(screen.getByRole('group', { name: 'Command' })).toHaveTextContent('systemctl restart nginx');
    expect(screen.getByText('as root (sudo)')).toBeVisible();
    expect(screen.getByText('prod')).toBeVisible();
    expect(screen.getByText('ops@10.0.0.1:22')).toBeVisible();
    expect(screen.getByText('Restarts services.', { exact: false })).toBeVisible();
    expect(screen.getByText('It hangs.', { exact: false })).toBeVisible();
    expect(screen.getByText(/approved 2 times/)).toBeVisible();
    unmount();

    // Not all hosts are named: then only the question itself says what would run where.
    renderPart(
      <ApprovalCard approval={approval({ preview: { ...preview, hosts_total: 20 }, question })} onDecided={vi.fn()} />,
    );
    expect(screen.getByText(question)).toBeVisible();
  });
});
