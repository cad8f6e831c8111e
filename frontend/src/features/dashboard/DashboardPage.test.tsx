import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ago, BoardServer, cluster, finding, host, NOW, patrolRun } from '@/test/boardServer';
import { json, problem } from '@/test/fakeServer';
import { renderPage, renderPart } from '@/test/renderPage';
import { HostsPanel } from './hosts/HostsPanel';

// Charts are drawn on a canvas, which this DOM does not have.
vi.mock('uplot', () => ({
  default: class {
    setData = vi.fn();
    setSize = vi.fn();
    redraw = vi.fn();
    destroy = vi.fn();
  },
}));

let server: BoardServer;

beforeEach(() => {
  server = new BoardServer();
  server.install();
});

const card = (name: string): HTMLElement => screen.getByRole('listitem', { name });

describe('a board with nothing on it', () => {
  it('says that nobody knows yet', async () => {
    renderPage('/dashboard');

    expect(await screen.findByText('There was no patrol yet, so nobody knows whether something is wrong.')).toBeVisible();
    expect(screen.getByText('Looking at the hosts for the first time…')).toBeVisible();
    expect(screen.getByText('No clusters')).toBeVisible();
    expect(screen.queryByText('No open findings')).not.toBeInTheDocument();
  });

  it('says how hosts come here when none has come', () => {
    const nothing = { items: [], clusters: [], sample_seconds: 30, now: NOW };
    const rest = { judged: [], findings: [], error: null, filter: null, isFirstLook: false };
    renderPart(<HostsPanel list={nothing} {...rest} onRetry={vi.fn()} onFilter={vi.fn()} onOpen={vi.fn()} />);

    expect(screen.getByText('No hosts yet')).toBeVisible();
    expect(screen.getByText(/SSH_INVENTORY/)).toBeVisible();
  });

  it('tells what could not be loaded, and loads it when asked again', async () => {
    server.on('GET /hosts', () => problem(503, 'unavailable', 'Database is away.'));
    server.on('GET /patrol', () => problem(503, 'unavailable', 'Database is away.'));
    renderPage('/dashboard');
    expect(await screen.findByText('The state of patrol could not be loaded')).toBeVisible();
    const alert = await screen.findByText('The hosts could not be loaded');

    server.on('GET /hosts', () => json({ items: [host()], clusters: [], sample_seconds: 30, now: NOW }));
    const box = alert.closest<HTMLElement>('[role="alert"]');
    await userEvent.setup().click(within(box ?? document.body).getByRole('button', { name: 'Try again' }));

    expect(await screen.findByRole('listitem', { name: 'web-1' })).toBeVisible();
  });
});

describe('hosts', () => {
  it('stand with what is worst first, and what is not known never passes for well', async () => {
    server.hosts = [
      host({ id: 'a-well', name: 'a-well' }),
      host({ id: 'b-stale', name: 'b-stale', read_at: ago(10) }),
      host({ id: 'c-silent', name: 'c-silent', state: 'unreachable', reason: 'connection refused', read_at: ago(60) }),
      host({ id: 'd-new', name: 'd-new', state: 'unknown', reason: 'permission denied', read_at: null, disks: null }),
      host({ id: 'e-part', name: 'e-part', memory: null, unknown: { memory: 'no free here' } }),
    ];
    renderPage('/dashboard');

    await screen.findByRole('listitem', { name: 'a-well' });
    const names = screen.getAllByRole('heading', { level: 3 }).map(({ textContent }) => textContent);
    expect(names).toEqual(['c-silent', 'd-new', 'b-stale', 'a-well', 'e-part']);
    expect(card('c-silent')).toHaveTextContent('No answer');
    expect(card('c-silent')).toHaveTextContent('Does not answer: connection refused');
    expect(card('c-silent')).toHaveTextContent('These figures are 1 h old');
    expect(card('d-new')).toHaveTextContent('Was never read: its state is unknown');
    expect(card('b-stale')).toHaveTextContent('Out of date');
    expect(card('e-part')).toHaveTextContent('Unknown parts: 1');
    expect(within(card('a-well')).getByRole('meter', { name: 'a-well CPU' })).toHaveAttribute('aria-valuenow', '25');
    expect(within(card('e-part')).getByText('unknown')).toBeVisible();
  });

  it('can be narrowed to one state', async () => {
    server.hosts = [host(), host({ id: 'db-1', name: 'db-1', critical: 1 })];
    renderPage('/dashboard');
    await screen.findByRole('listitem', { name: 'web-1' });

    await userEvent.setup().click(within(screen.getByRole('group', { name: 'Filter by state' })).getByText(/Critical/));

    expect(card('db-1')).toBeVisible();
    expect(screen.queryByRole('listitem', { name: 'web-1' })).not.toBeInTheDocument();
  });

  it('open with everything that is known, and lead back to where the reader was', async () => {
    server.hosts = [host()];
    server.on('GET /hosts/web-1', () => json({ host: host(), facts: null }));
    server.on('GET /hosts/web-1/history', () => json({ series: [] }));
    renderPage('/dashboard');
    const user = userEvent.setup();
    await user.click(await screen.findByRole('button', { name: 'web-1' }));

    const dialog = await screen.findByRole('dialog');

    expect(await within(dialog).findByText('Debian GNU/Linux 12')).toBeVisible();
    expect(within(dialog).getByRole('link', { name: 'Ask the robot' })).toHaveAttribute(
      'href',
      expect.stringContaining('web-1'),
    );
    await user.keyboard('{Escape}');
    await waitFor(() => {
      expect(screen.getByRole('button', { name: 'web-1' })).toHaveFocus();
    });
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });
});

describe('clusters', () => {
  it('show states and usage, and name what could not be read', async () => {
    server.clusters = [cluster({ pods: null, unknown: { pods: 'forbidden' } })];
    renderPage('/dashboard');

    expect(await screen.findByRole('heading', { name: 'prod' })).toBeVisible();
    expect(screen.getByText('Pods: forbidden')).toBeVisible();
    expect(screen.getByText('no findings')).toBeVisible();
    expect(screen.getByText('Memory unknown')).toBeVisible();
  });
});

describe('findings', () => {
  beforeEach(() => {
    server.findings = [
      finding({ id: 'f2', severity: 'warning', title: { en: 'Load is high', zh: '负载高' } }),
      finding(),
    ];
    server.patrol = { ...server.patrol, last: patrolRun({ state: 'finished' }), open: { critical: 1, warning: 1 } };
  });

  it('come worst first and open to cause, fix and a question for the robot', async () => {
    renderPage('/dashboard');
    const [first] = await screen.findAllByRole('button', { expanded: false, name: /full|high/ });
    expect(first).toHaveTextContent('Critical /var is 97% full');
    expect(first).toHaveTextContent('for 30 min');

    await userEvent.setup().click(first ?? document.body);

    expect(screen.getByText('Logs grow without end.')).toBeVisible();
    expect(screen.getByText('du -xh /var')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Ask the robot' })).toHaveAttribute('href', expect.stringContaining('97%25'));
  });

  it('are acknowledged with a note, and say who is on it', async () => {
    const user = userEvent.setup();
    server.on('POST /patrol/findings/f1/acknowledge', () => {
      server.findings = [finding({ acknowledged: { by: 'ann', at: NOW, note: 'cleaning up' } })];
      return json(server.findings[0]);
    });
    renderPage('/dashboard?finding=f1');

    await user.click(await screen.findByRole('button', { name: 'Acknowledge' }));
    await user.type(screen.getByLabelText('Note (optional)'), 'cleaning up{Enter}');

    expect(await screen.findByText('ann is on it')).toBeVisible();
    expect(screen.getByRole('button', { name: /97% full/, expanded: true })).toHaveFocus();
    expect(screen.queryByRole('button', { name: 'Acknowledge' })).not.toBeInTheDocument();
    expect(server.bodies).toContainEqual({ note: 'cleaning up' });
  });

  it('are silenced for a while, and a refusal keeps what was typed', async () => {
    const user = userEvent.setup();
    server.on('POST /patrol/findings/f1/silence', () => problem(409, 'conflict', 'It was closed.'));
    renderPage('/dashboard?finding=f1');

    await user.click(await screen.findByRole('button', { name: 'Silence…' }));
    await user.selectOptions(screen.getByLabelText('For how long'), '1 day');
    await user.type(screen.getByLabelText('Reason (optional)'), 'maintenance{Enter}');

    expect(await screen.findByText('It was closed.')).toBeVisible();
    expect(screen.getByLabelText('Reason (optional)')).toHaveValue('maintenance');
    expect(server.bodies).toContainEqual({ minutes: 1440, reason: 'maintenance' });
  });

  it('are told in Chinese on a Chinese page', async () => {
    renderPage('/dashboard?finding=f1', 'zh-CN');

    expect(await screen.findByText('日志不断增长。')).toBeVisible();
    expect(screen.getByRole('button', { name: '确认处理' })).toBeVisible();
  });

  it('only read by those who may only read', async () => {
    server.me = { name: 'eve', role: 'viewer', is_login_required: true };
    renderPage('/dashboard?finding=f1');

    expect(await screen.findByRole('button', { name: 'Acknowledge' })).toBeDisabled();
    expect(screen.getByRole('button', { name: 'Patrol now' })).toBeDisabled();
  });
});

describe('patrol', () => {
  it('starts at a click, shows how far it is, and stops when asked to', async () => {
    const user = userEvent.setup();
    server.on('POST /patrol/runs', () => {
      server.patrol = { ...server.patrol, running: patrolRun() };
      return json(server.patrol.running, 202);
    });
    server.on('POST /patrol/runs/p1/cancel', () => {
      server.patrol = { ...server.patrol, running: patrolRun({ is_cancel_requested: true }) };
      return json(server.patrol.running);
    });
    renderPage('/dashboard');

    await user.click(await screen.findByRole('button', { name: 'Patrol now' }));
    expect(await screen.findByRole('progressbar', { name: 'Progress of the patrol' })).toHaveAttribute('aria-valuenow', '25');
    await user.click(screen.getByRole('button', { name: 'Stop' }));

    expect(await screen.findByRole('button', { name: 'Stopping…' })).toBeDisabled();
    expect(server.requests).toContain('POST /patrol/runs/p1/cancel');
  });

  it('says why it did not start', async () => {
    server.on('POST /patrol/runs', () => problem(503, 'unavailable', 'Nothing to look at.'));
    renderPage('/dashboard');

    await userEvent.setup().click(await screen.findByRole('button', { name: 'Patrol now' }));

    expect(await screen.findByText('The patrol did not start')).toBeVisible();
    expect(screen.getByText('Nothing to look at.')).toBeVisible();
  });
});

describe('the log', () => {
  const words = (en: string): { en: string; zh: string } => ({ en, zh: en });
  const opened = {
    type: 'finding',
    at: NOW,
    run_id: 'p1',
    message: words('New: /var is 97% full'),
    event: 'opened',
    finding_id: 'f1',
    severity: 'critical',
    check: 'disk-usage',
    target: { kind: 'host', id: 'db-1', name: 'db-1' },
  } as const;

  it('follows the patrols on one stream, leads to findings and refreshes what it tells of', async () => {
    server.patrol = { ...server.patrol, last: patrolRun({ state: 'finished' }) };
    renderPage('/dashboard');
    expect(await screen.findByText('Nothing yet. Start a patrol, and its course is shown here.')).toBeVisible();
    act(() => {
      server.log([{ type: 'run-started', at: ago(5), run_id: 'p1', message: words('Patrol began'), trigger: 'schedule', started_by: 'patrol' }], 1);
    });
    const log = await screen.findByRole('log');
    expect(within(log).getByText('Patrol began')).toBeVisible();

    server.findings = [finding()];
    act(() => {
      server.log([opened], 2);
    });
    await userEvent.setup().click(await within(log).findByRole('button', { name: 'New: /var is 97% full' }));

    expect(await screen.findByText('Logs grow without end.')).toBeVisible();
    expect(screen.getByText('Live')).toBeVisible();
    expect(server.streams).toHaveLength(1);
  });

  it('holds no stream while the page is hidden, and goes on where it was', async () => {
    renderPage('/dashboard');
    await waitFor(() => {
      expect(server.streams).toHaveLength(1);
    });
    act(() => {
      server.log([opened], 7);
    });
    await screen.findByRole('log');
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);

    act(() => {
      document.dispatchEvent(new Event('visibilitychange'));
    });
    hidden.mockReturnValue(false);
    act(() => {
      document.dispatchEvent(new Event('visibilitychange'));
    });

    await waitFor(() => {
      expect(server.requests).toContain('GET /patrol/stream?after=7');
    });
    hidden.mockRestore();
  });
});

it('keeps what was read in sight while the backend is away, and says that it is old', async () => {
  const finished = (message: string) =>
    ({
      type: 'run-finished',
      at: NOW,
      run_id: 'p1',
      message: { en: message, zh: message },
      state: 'finished',
      problem: null,
      looked: 1,
      targets: 1,
    }) as const;
  server.hosts = [host()];
  renderPage('/dashboard');
  await screen.findByRole('listitem', { name: 'web-1' });
  act(() => {
    server.log([finished('Before')], 1);
  });
  await screen.findByText('Before');

  server.on('GET /hosts', () => problem(404, 'gone'));
  act(() => {
    server.log([finished('After')], 2);
  });

  expect(await screen.findByText(/could not be refreshed/)).toBeVisible();
  expect(card('web-1')).toBeVisible();
});
