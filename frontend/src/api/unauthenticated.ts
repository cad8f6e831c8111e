/** Tells whoever shows the login that a request was refused for want of one. */
const listeners = new Set<() => void>();

export function onUnauthenticated(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function reportUnauthenticated(): void {
  for (const listener of listeners) listener();
}
