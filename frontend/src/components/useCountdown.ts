import { useEffect, useState } from 'react';

/** Whole seconds left of a wait that begins when `seconds` is first seen for this `start`. */
export function useCountdown(seconds: number, start: unknown): number {
  const [left, setLeft] = useState(seconds);
  const [known, setKnown] = useState(start);
  if (known !== start) {
    setKnown(start);
    setLeft(seconds);
  }
  const isRunning = left > 0;
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => {
      setLeft((before) => Math.max(0, before - 1));
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [isRunning, known]);
  return left;
}
