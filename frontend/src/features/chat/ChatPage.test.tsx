import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '@/api/runEvents';
import { approval, FakeServer, json, message, problem, session } from '@/test/fakeServer';
import { renderPage } from '@/test/renderPage';

const START: RunEvent[] = [
  { type: 'RUN_STARTED', threadId: 's1', runId: 'r1' },
  { type: 'TEXT_MESSAGE_START', messageId: 'm', role: 'assistant' },
];
const said = (delta: string): RunEvent => ({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm', delta });
const FINISHED: RunEvent = { type: 'RUN_FINISHED', threadId: 's1', runId: 'r1' };

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer().install();
});

function question(text: string) {
  return message({
    id: 'q1',
    role: 'user',
    run_id: null,
    mode: null,
    blocks: [{ type: 'text', id: 'q1', text }],
  });
}

function answer(text: string) {
  return message({ id: 'a1', blocks: [{ type: 'text', id: 'm', text }] });
}

describe('a new conversation', () => {
  it('creates the session with the first question and streams the answer', async () => {
    const user = userEvent.setup();
    renderPage('/');

    await user.type(await screen.findByLabelText('Message'), 'Which pods fail?{Enter}');
    await waitFor(() => {
      expect(server.streams).toHaveLength(1);
    });
    server.page = { items: [question('Which pods fail?'), answer('Only checkout.')], next_before: null, active_run: null };
    act(() => {
      server.emit([...START, said('Only '), said('checkout.')], 1);
    });

    expect(await screen.findByText('Only checkout.', { selector: 'article p' })).toBeVisible();
    expect(screen.getByRole('button', { name: 'Stop' })).toBeEnabled();
    act(() => {
      server.emit([FINISHED], 5);
    });
    await waitFor(() => {
      expect(screen.queryByRole('button', { name: 'Stop' })).not.toBeInTheDocument();
    });
    expect(server.requests).toContain('POST /sessions');
    expect(server.bodies).toContainEqual({ message: 'Which pods fail?' });
  });

  it('asks a suggestion at a click', async () => {
    const user = userEvent.setup();
    renderPage('/', 'zh-CN');

    await user.click(await screen.findByRole('button', { name: '把 web 扩容到 5 个副本' }));

    await waitFor(() => {
      expect(server.bodies).toContainEqual({ message: '把 web 扩容到 5 个副本' });
    });
    expect(server.languages.every((language) => language === null || language === 'zh-CN')).toBe(true);
  });

  it('takes the question of a link over without sending it, after what was typed before', async () => {
    sessionStorage.setItem('ding-robot.draft.new', 'Look at this: ');
    renderPage('/?ask=Why%20is%20%2Fvar%2097%25%20full%3F');

    expect(await screen.findByLabelText('Message')).toHaveValue('Look at this:\nWhy is /var 97% full?');
    expect(screen.getByLabelText('Message')).toHaveFocus();
    expect(server.requests).not.toContain('POST /sessions');
  });

  it('keeps the question when it is refused and says why', async () => {
    const user = userEvent.setup();
    server.on('POST /sessions/s1/runs', () => problem(429, 'too_many_runs', 'Too many runs.'));
    renderPage('/');

    await user.type(await screen.findByLabelText('Message'), 'hello{Enter}');

    expect(await screen.findByText('Too many runs.')).toBeVisible();
    expect(screen.getByLabelText('Message')).toHaveValue('hello');
    expect(screen.getByText('too_many_runs')).toBeVisible();
  });
});

describe('an open session', () => {
  it('goes on with a running answer where the stored message ends', async () => {
    server.page = {
      items: [question('Count'), message({ state: 'streaming', blocks: [{ type: 'text', id: 'm', text: 'one ' }] })],
      next_before: null,
      active_run: { run_id: 'r1', last_seq: 3 },
    };
    renderPage('/sessions/s1');

    await waitFor(() => {
      expect(server.requests).toContain('GET /runs/r1/events?after=3');
    });
    act(() => {
      server.emit([said('two')], 4);
    });

    expect(await screen.findByText('one two', { selector: 'article p' })).toBeVisible();
  });

  it('stops the run when asked to', async () => {
    const user = userEvent.setup();
    server.page = { items: [question('Count')], next_before: null, active_run: { run_id: 'r1', last_seq: 0 } };
    renderPage('/sessions/s1');

    await user.click(await screen.findByRole('button', { name: 'Stop' }));

    await waitFor(() => {
      expect(server.requests).toContain('POST /runs/r1/cancel');
    });
  });

  it('shows a failed answer with code and hint, and asks again', async () => {
    const user = userEvent.setup();
    const error = { code: 'model_timeout', message: 'No answer in 60 s.', hint: 'Ask a shorter question.' };
    server.page = {
      items: [question('Why?'), message({ state: 'failed', error })].map((one) => ({ ...one, turn_id: 't0' })),
      next_before: null,
      active_run: null,
    };
    renderPage('/sessions/s1');

    const card = within(await screen.findByRole('alert'));
    expect(card.getByText('Model timed out')).toBeVisible();
    expect(card.getByText(/Ask a shorter question/)).toBeVisible();
    await user.click(card.getByRole('button', { name: 'Ask again' }));

    await waitFor(() => {
      expect(server.bodies).toContainEqual({ message: 'Why?' });
    });
  });

  it('says so when the session does not exist', async () => {
    server.on('GET /sessions/gone/messages', () => problem(404, 'session_not_found'));
    renderPage('/sessions/gone');

    expect(await screen.findByText('No such session')).toBeVisible();
  });

  it('offers to load again when the messages could not be read', async () => {
    server.on('GET /sessions/s1/messages', () => problem(422, 'broken', 'Broken.'));
    const user = userEvent.setup();
    renderPage('/sessions/s1');

    const retry = await screen.findByRole('button', { name: 'Try again' });
    server.on('GET /sessions/s1/messages', () => json({ ...server.page, items: [question('Back again')] }));
    await user.click(retry);

    expect(await screen.findByText('Back again')).toBeVisible();
  });

  it('sends an approval once and reads the decided state', async () => {
    const user = userEvent.setup();
    const pending = approval();
    const asked = (state: typeof pending) =>
      message({
        state: 'interrupted',
        blocks: [{ type: 'approval', id: 'a1', tool_call_id: 'c1', approval: state }],
      });
    server.page = { items: [question('scale web to 5'), asked(pending)], next_before: null, active_run: null };
    server.on('POST /approvals/a1', () => {
      const approved = approval({ state: 'approved', decided_at: '2026-11-21T08:01:00Z', decided_by: 'operator' });
      server.page = { ...server.page, items: [question('scale web to 5'), asked(approved)] };
      return json({ approval: approved, run_id: 'r2' });
    });
    renderPage('/sessions/s1');

    expect(await screen.findByText('Scale Deployment default/web from 3 to 5 replicas?')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Approve and run' }));

    expect(await screen.findByText(/Approved · operator/)).toBeVisible();
    expect(server.bodies).toEqual([{ decision: 'approve' }]);
  });
});

describe('the surroundings', () => {
  it('lists sessions, marks the one that is answering, and finds by text', async () => {
    const user = userEvent.setup();
    server.sessions = [session({ active_run_id: 'r1' }), session({ id: 's2', title: 'Second' })];
    renderPage('/');

    expect(await screen.findByRole('link', { name: /First session/ })).toBeVisible();
    expect(screen.getByRole('img', { name: 'Answering' })).toBeVisible();
    await user.type(screen.getByRole('searchbox'), 'pay');

    await waitFor(() => {
      expect(server.requests).toContain('GET /sessions?limit=30&query=pay');
    });
    expect(server.requests).not.toContain('GET /sessions?limit=30&query=p');
  });

  it('renames in place', async () => {
    const user = userEvent.setup();
    renderPage('/');

    await user.click(await screen.findByRole('button', { name: 'Actions for “First session”' }));
    await user.click(await screen.findByText('Rename'));
    await user.clear(screen.getByLabelText('Session title'));
    await user.type(screen.getByLabelText('Session title'), 'Better{Enter}');

    await waitFor(() => {
      expect(server.bodies).toContainEqual({ title: 'Better' });
    });
  });

  it('says which part is down and that answers come from rules', async () => {
    server.health = {
      status: 'degraded',
      mode: 'rules',
      parts: [
        { name: 'database', status: 'ok', detail: null },
        { name: 'tools:k8s', status: 'degraded', detail: 'connection refused' },
      ],
    };
    renderPage('/');

    expect(await screen.findByText(/tools:k8s: connection refused/)).toBeVisible();
    expect(screen.getByText('Rules')).toBeVisible();
    expect(screen.queryByText(/database/)).not.toBeInTheDocument();
  });

  it('switches the language, the requests with it, and remembers it', async () => {
    const user = userEvent.setup();
    renderPage('/', 'zh-CN');

    await user.click(await screen.findByRole('button', { name: 'English' }));

    expect(await screen.findByPlaceholderText('Ask about clusters and hosts…')).toBeVisible();
    expect(document.documentElement.lang).toBe('en');
    expect(localStorage.getItem('ding-robot.language')).toBe('en');
    await user.type(screen.getByRole('searchbox'), 'x');
    await waitFor(() => {
      expect(server.languages.at(-1)).toBe('en');
    });
  });

  it('switches to dark and remembers it', async () => {
    const user = userEvent.setup();
    renderPage('/');

    await user.click(await screen.findByRole('button', { name: 'Dark' }));

    expect(document.documentElement.dataset['theme']).toBe('dark');
    expect(localStorage.getItem('ding-robot.color-mode')).toBe('dark');
  });
});
