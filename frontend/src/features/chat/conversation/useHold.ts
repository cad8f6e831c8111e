import { useState } from 'react';

interface HoldOptions {
  turnId: string | null;
  /** Whether the list follows the growing answer at all. */
  isActive: boolean;
}

interface Hold {
  isHeld: boolean;
  /** Looks at a list that was scrolled; true when it has just been stopped. */
  onScroll: (list: HTMLElement, isAtEnd: boolean) => boolean;
}

/** Room left above the text that is held. */
const TOP_ROOM_PX = 12;

/**
 * Following the end of an answer that outgrows the view would push its
 * beginning out of sight before it is read. So the list stops once the newest
 * text begins at the top, and follows again when the reader goes to the end.
 */
export function useHold({ turnId, isActive }: HoldOptions): Hold {
  const [heldTurn, setHeldTurn] = useState<string | null>(null);
  const [releasedTurn, setReleasedTurn] = useState<string | null>(null);
  const isReleased = releasedTurn === turnId;
  const isHeld = turnId !== null && heldTurn === turnId && !isReleased;

  const onScroll = (list: HTMLElement, isAtEnd: boolean): boolean => {
    if (!isAtEnd) return false;
    if (isHeld) setReleasedTurn(turnId);
    if (isHeld || isReleased || !isActive) return false;
    const above = newestTextTop(list);
    if (above === null || above >= 0) return false;
    list.scrollTop += above - TOP_ROOM_PX;
    setHeldTurn(turnId);
    return true;
  };
  return { isHeld, onScroll };
}

/** Where the newest text of the newest answer begins, from the top of the view. */
function newestTextTop(list: HTMLElement): number | null {
  const answer = [...list.querySelectorAll('article')].at(-1);
  const text = [...(answer?.querySelectorAll('[data-answer-text]') ?? [])].at(-1);
  if (text === undefined) return null;
  return text.getBoundingClientRect().top - list.getBoundingClientRect().top;
}
