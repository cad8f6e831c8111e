import { useState } from 'react';
import type { Model } from '@/api/types';

/** Choosing this goes back to the configured order. */
export const AUTOMATIC = 'default';
const STORAGE_KEY = 'ding-robot.models';
const MOST_REMEMBERED = 200;

export interface ModelChoice {
  /** A model's name, or AUTOMATIC. */
  name: string;
  choose: (name: string) => void;
  /** What a question carries: nothing when no choice was ever made here. */
  forRequest: { model?: string };
}

/** The choice of one session, as it was last made in this browser; a model that is gone counts as none. */
export function useModelChoice(sessionId: string, models: readonly Model[]): ModelChoice {
  const [chosen, setChosen] = useState(() => readChoices()[sessionId]);
  const isKnown = chosen === AUTOMATIC || models.some(({ name }) => name === chosen);
  return {
    name: isKnown && chosen !== undefined ? chosen : AUTOMATIC,
    choose: (name) => {
      setChosen(name);
      rememberChoice(sessionId, name);
    },
    forRequest: isKnown && chosen !== undefined ? { model: chosen } : {},
  };
}

export function rememberChoice(sessionId: string, name: string): void {
  store([...choicesBut(sessionId), [sessionId, name]]);
}

export function forgetChoice(sessionId: string): void {
  store(choicesBut(sessionId));
}

function choicesBut(sessionId: string): [string, string | undefined][] {
  return Object.entries(readChoices()).filter(([id]) => id !== sessionId);
}

function store(choices: [string, string | undefined][]): void {
  const newest = Object.fromEntries(choices.slice(-MOST_REMEMBERED));
  localStorage.setItem(STORAGE_KEY, JSON.stringify(newest));
}

function readChoices(): Record<string, string | undefined> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}');
    return typeof stored === 'object' && stored !== null ? (stored as Record<string, string>) : {};
  } catch {
    return {};
  }
}
