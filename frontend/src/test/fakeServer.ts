import { vi } from 'vitest';
import type { RunEvent } from '@/api/runEvents';
import type { Approval, Grant, Health, Me, Message, MessagePage, Model, Session } from '@/api/types';
import { eventBytes, OpenStream } from './eventBytes';

const AT = '2026-11-21T08:00:00Z';

export function session(fields: Partial<Session> = {}): Session {
  return {
    id: 's1',
    title: 'First session',
    created_at: AT,
    updated_at: AT,
    message_count: 0,
    active_run_id: null,
    snippet: null,
    ...fields,
  };
}

export function message(fields: Partial<Message> = {}): Message {
  return {
    id: 'm1',
    role: 'assistant',
    turn_id: 't1',
    created_at: AT,
    blocks: [],
    run_id: 'r1',
    state: 'complete',
    mode: 'rules',
    model: null,
    error: null,
    usage: null,
    ...fields,
  };
}

export function approval(fields: Partial<Approval> = {}): Approval {
  return {
    id: 'a1',
    session_id: 's1',
    turn_id: 't1',
    run_id: 'r1',
    tool_call_id: 'c1',
    tool: 'k8s-scale-deployment',
    server: 'k8s',
    arguments: { name: 'web', replicas: 5 },
    arguments_sha256: '9c1185a5c5e9fc54612808977ee8f548b2258d31',
    risk: 'change',
    question: 'Scale Deployment default/web from 3 to 5 replicas?\nUndo: scale it back.',
    state: 'pending',
    created_at: AT,
    expires_at: '2999-01-01T00:00:00Z',
    decided_at: null,
    decided_by: null,
    reason: null,
    ...fields,
  };
}

export function model(fields: Partial<Model> = {}): Model {
  return {
    name: 'qwen',
    label: 'qwen3-max',
    model: 'qwen3-max',
    mode: 'model',
    context_tokens: 128_000,
    input_price: 2,
    output_price: 8,
    can_call_tools: true,
    is_small: false,
    is_default: true,
    position: 1,
    state: 'closed',
    open_until: null,
    ...fields,
  };
}

export const RULES: Model = model({
  name: 'rules',
  label: 'rules',
  model: '',
  mode: 'rules',
  context_tokens: null,
  input_price: 0,
  output_price: 0,
  is_default: false,
  position: 2,
});

type Handler = (request: Request, path: string[]) => Response | Promise<Response>;

/** The HTTP contract over one session, answered in the browser's own types: real bytes, no network. */
export class FakeServer {
  sessions: Session[] = [session()];
  page: MessagePage = { items: [], next_before: null, active_run: null };
  health: Health = { status: 'ok', mode: 'rules', parts: [] };
  me: Me = { name: 'local', role: 'admin', is_login_required: false };
  models: Model[] = [RULES];
  grants: Grant[] = [];
  readonly requests: string[] = [];
  readonly languages: (string | null)[] = [];
  readonly streams: OpenStream[] = [];
  readonly bodies: unknown[] = [];
  private readonly overrides = new Map<string, Handler>();

  install(): this {
    vi.stubGlobal('fetch', (input: Request | string, init?: RequestInit) => {
      const request = new Request(new URL(input instanceof Request ? input.url : input, location.href), input instanceof Request ? input : init);
      return this.answer(request);
    });
    return this;
  }

  /** Answers `METHOD /path` differently from now on. */
  on(route: string, handler: Handler): this {
    this.overrides.set(route, handler);
    return this;
  }

  emit(events: readonly RunEvent[], first: number): void {
    this.streams.at(-1)?.write(eventBytes(events, first));
  }

  private async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace('/api/v2/', '').split('/');
    const route = `${request.method} ${url.pathname.replace('/api/v2', '')}`;
    this.requests.push(route + url.search);
    this.languages.push(request.headers.get('Accept-Language'));
    if (request.method !== 'GET') {
      const text = await request.clone().text();
      this.bodies.push(text === '' ? null : JSON.parse(text));
    }
    const override = this.overrides.get(route);
    return override === undefined ? this.route(request, path) : override(request, path);
  }

  private route(request: Request, [kind, id, part]: string[]): Response {
    if (kind === 'health') return json(this.health);
    if (kind === 'me') return json(this.me);
    if (kind === 'models') return json({ items: this.models });
    if (kind === 'usage') return json(NOTHING_USED);
    if (kind === 'runs') return part === 'events' ? this.openStream(request) : json({}, 202);
    if (kind !== 'sessions') return problem(404, 'not_found');
    return this.routeSession(request, id, part);
  }

  private routeSession(request: Request, id?: string, part?: string): Response {
    if (part === 'grants') return json({ items: this.grants });
    if (part === 'messages') return json(this.page);
    if (part === 'runs') return json(started(), 201);
    if (id === undefined && request.method === 'POST') return json(session(), 201);
    if (id === undefined) return json({ items: this.sessions, next_cursor: null });
    if (request.method === 'DELETE') return new Response(null, { status: 204 });
    const found = this.sessions.find((one) => one.id === id);
    return found === undefined ? problem(404, 'session_not_found') : json(found);
  }

  private openStream(request: Request): Response {
    const stream = new OpenStream(request.signal);
    this.streams.push(stream);
    return stream.response;
  }
}

const NOTHING_USED = { items: [], calls: 0, input_tokens: 0, output_tokens: 0, cost: 0 };

function started(): unknown {
  return { run_id: 'r1', session_id: 's1', turn_id: 't1', state: 'queued', events_url: '' };
}

export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

export function problem(status: number, code: string, detail = code): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title: code, status, detail, code, hint: 'Try this.' }), {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}
