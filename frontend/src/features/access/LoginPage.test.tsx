import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Me } from '@/api/types';
import { FakeServer, json, message, problem } from '@/test/fakeServer';
import { renderPage } from '@/test/renderPage';

const NOBODY: Me = { name: null, role: null, is_login_required: true };
const EVE: Me = { name: 'eve', role: 'viewer', is_login_required: true };
const ANN: Me = { name: 'ann', role: 'admin', is_login_required: true };

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer().install();
  server.me = NOBODY;
  server.on('POST /login', () => {
    server.me = ANN;
    return json(ANN);
  });
});

describe('the login', () => {
  it('comes before the page that was asked for, and leads back to it', async () => {
    const user = userEvent.setup();
    server.page = { items: [message({ blocks: [{ type: 'text', id: 'x', text: 'Kept.' }] })], next_before: null, active_run: null };
    renderPage('/sessions/s1');

    await user.type(await screen.findByLabelText('Access token'), '  ding_secret  ');
    expect(server.requests).toEqual(['GET /me']);
    await user.click(screen.getByRole('button', { name: 'Log in' }));

    expect(await screen.findByText('Kept.', { selector: 'article p' })).toBeVisible();
    expect(server.bodies).toEqual([{ token: 'ding_secret' }]);
    expect(screen.getByText('ann')).toBeVisible();
    expect(screen.getByText('Admin')).toBeVisible();
  });

  it('says why a token is not taken, and keeps what was typed', async () => {
    const user = userEvent.setup();
    server.on('POST /login', () => problem(401, 'unauthenticated', 'This token is not valid.'));
    renderPage('/login');

    await user.type(await screen.findByLabelText('Access token'), 'wrong{Enter}');

    expect(await screen.findByText('This token is not valid.')).toBeVisible();
    expect(screen.getByLabelText('Access token')).toHaveValue('wrong');
  });

  it('asks for a token before it sends none', async () => {
    const user = userEvent.setup();
    renderPage('/login');

    await user.click(await screen.findByRole('button', { name: 'Log in' }));

    expect(screen.getByRole('alert')).toHaveTextContent('Enter a token');
    expect(screen.getByLabelText('Access token')).toBeInvalid();
    expect(server.bodies).toEqual([]);
  });

  it('tells how long to wait after too many tries', async () => {
    const user = userEvent.setup();
    server.on('POST /login', () => {
      const response = problem(429, 'too_many_requests', 'Too many requests of this kind.');
      response.headers.set('Retry-After', '42');
      return response;
    });
    renderPage('/login');

    await user.type(await screen.findByLabelText('Access token'), 'x{Enter}');

    expect(await screen.findByText(/Try again in 4[12] s/)).toBeVisible();
  });

  it('shows and hides the token', async () => {
    const user = userEvent.setup();
    renderPage('/login');
    const field = await screen.findByLabelText('Access token');
    expect(field).toHaveAttribute('type', 'password');

    await user.click(screen.getByRole('button', { name: 'Show token' }));

    expect(field).toHaveAttribute('type', 'text');
  });

  it('is passed over where nobody needs to log in', async () => {
    server.me = { name: 'local', role: 'admin', is_login_required: false };
    renderPage('/login');

    expect(await screen.findByLabelText('Message')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Log out' })).not.toBeInTheDocument();
  });
});

describe('somebody who is logged in', () => {
  it('is led to the login when a request is refused', async () => {
    server.me = ANN;
    server.on('GET /sessions', () => {
      server.me = NOBODY;
      return problem(401, 'unauthenticated', 'This needs a login.');
    });
    renderPage('/');

    expect(await screen.findByLabelText('Access token')).toBeVisible();
  });

  it('logs out', async () => {
    const user = userEvent.setup();
    server.me = ANN;
    server.on('POST /logout', () => {
      server.me = NOBODY;
      return new Response(null, { status: 204 });
    });
    renderPage('/');

    await user.click(await screen.findByRole('button', { name: 'Log out' }));

    expect(await screen.findByLabelText('Access token')).toBeVisible();
  });

  it('may read but not ask as a viewer, and is told why', async () => {
    const user = userEvent.setup();
    server.me = EVE;
    renderPage('/');

    await user.type(await screen.findByLabelText('Message'), 'hello{Enter}');

    expect(screen.getByText('Needs the role “Operator”')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Send' })).toBeDisabled();
    expect(server.requests).not.toContain('POST /sessions');
    expect(screen.queryByRole('link', { name: 'Audit' })).not.toBeInTheDocument();
    await user.click(await screen.findByRole('button', { name: 'Actions for “First session”' }));
    await waitFor(() => {
      expect(screen.getAllByRole('menuitem').map((item) => item.textContent)).toEqual(['Export Markdown']);
    });
  });
});
