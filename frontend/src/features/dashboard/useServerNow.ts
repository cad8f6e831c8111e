import { useEffect, useState } from 'react';

const TICK_MS = 5_000;

/**
 * The server's time, told every few seconds. `told` is what the server said last, `atMs` when it
 * was heard: clocks of browsers differ, and ages must grow while nothing new is heard.
 */
export function useServerNow(told: string | undefined, atMs: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, TICK_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  if (told === undefined) return now;
  return Date.parse(told) + Math.max(0, now - atMs);
}
