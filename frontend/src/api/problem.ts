import type { Problem } from './generated/types.gen';

interface ProblemFields {
  status: number;
  code: string;
  detail: string;
  hint?: string | null;
  retryAfterSeconds?: number | null;
}

/** A request the server answered with problem details, or did not answer (status 0). */
export class RequestFailed extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;
  /** How long the server asks to wait, when it does. */
  readonly retryAfterSeconds: number | null;

  constructor(problem: ProblemFields) {
    super(problem.detail);
    this.name = 'RequestFailed';
    this.status = problem.status;
    this.code = problem.code;
    this.hint = problem.hint ?? null;
    this.retryAfterSeconds = problem.retryAfterSeconds ?? null;
  }

  static unreachable(cause: unknown): RequestFailed {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return new RequestFailed({ status: 0, code: 'backend_unreachable', detail });
  }
}

/** What a response that is not 2xx says; proxies answer with bodies that are no problem details. */
export function toRequestFailed(response: Response, body: unknown): RequestFailed {
  const problem: Partial<Problem> =
    typeof body === 'object' && body !== null ? (body) : {};
  const { status } = response;
  return new RequestFailed({
    status,
    code: problem.code ?? `http_${String(status)}`,
    detail: problem.detail ?? problem.title ?? `HTTP ${String(status)}`,
    hint: problem.hint ?? null,
    retryAfterSeconds: readSeconds(response.headers.get('Retry-After')),
  });
}

/** The header's other form, a date, is not written by this server. */
function readSeconds(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}
