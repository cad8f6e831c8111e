import { describe, expect, it } from 'vitest';
import { loginPath, readTarget } from './login';

describe('the way through the login', () => {
  it.each(['/', '/sessions/s1', '/tools?query=pods&server=k8s'])('leads back to %s', (place) => {
    expect(readTarget(new URL(loginPath(place), 'http://localhost').search)).toBe(place);
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/login?next=/login'])(
    'does not lead to %s',
    (target) => {
      expect(readTarget(`?next=${encodeURIComponent(target)}`)).toBe('/');
    },
  );
});
