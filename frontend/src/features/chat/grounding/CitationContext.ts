import { createContext, useContext } from 'react';

/** The tool calls an answer can rest on, and the way to their cards. */
export interface Citations {
  /** Its number among the calls of this answer; null for a call of an earlier one. */
  numberOf: (callId: string) => number | null;
  /** Null when the call is not among the messages that are loaded. */
  nameOf: (callId: string) => string | null;
  reveal: (callId: string) => void;
}

export interface Reveal {
  nameOf: (callId: string) => string | null;
  /** Brings the card of a call into view. */
  reveal: (callId: string) => void;
  /** The call that waits to be shown; `take` makes sure that it is shown once. */
  wanted: string | null;
  take: () => void;
}

export const CitationContext = createContext<Citations | null>(null);
export const RevealContext = createContext<Reveal | null>(null);

export function useCitations(): Citations | null {
  return useContext(CitationContext);
}

export function useReveal(): Reveal | null {
  return useContext(RevealContext);
}
