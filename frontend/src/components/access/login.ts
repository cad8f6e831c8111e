export const ME_KEY = ['me'] as const;

export function loginPath(from: string): string {
  return from === '/' ? '/login' : `/login?next=${encodeURIComponent(from)}`;
}

/** Where to go after the login: a place in this page, whatever the link says. */
export function readTarget(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  const isPlace = /^\/(?![/\\])/.test(next) && !next.startsWith('/login');
  return isPlace ? next : '/';
}
