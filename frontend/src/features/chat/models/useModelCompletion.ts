import { useState, type KeyboardEvent } from 'react';
import type { Model } from '@/api/types';
import { nextIndex } from '@/components/popup/MenuButton';

/** `@name` counts at the very beginning of a message. */
const BEGUN = /^\s*@([\w.-]*)$/;

export interface ModelCompletion {
  matches: readonly Model[];
  active: number;
  setActive: (index: number) => void;
  choose: (name: string) => void;
  /** True when the key was for the list. */
  onKeyDown: (event: KeyboardEvent) => boolean;
}

export function matchModels(draft: string, models: readonly Model[]): Model[] {
  const begun = BEGUN.exec(draft)?.[1]?.toLowerCase();
  if (begun === undefined) return [];
  return models.filter(({ name }) => name.toLowerCase().startsWith(begun));
}

export function useModelCompletion(
  draft: string,
  models: readonly Model[],
  onDraft: (draft: string) => void,
): ModelCompletion {
  const [active, setActive] = useState(0);
  /** The draft that Escape was pressed on: typing on asks again. */
  const [dismissed, setDismissed] = useState<string | null>(null);
  const matches = dismissed === draft ? [] : matchModels(draft, models);
  const at = Math.min(active, Math.max(0, matches.length - 1));

  const choose = (name: string): void => {
    setActive(0);
    onDraft(`@${name} `);
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (matches.length === 0) return false;
    const next = nextIndex(event.key, at, matches.length);
    const chosen = matches[at];
    if (next !== null) setActive(next);
    else if ((event.key === 'Enter' || event.key === 'Tab') && chosen !== undefined) choose(chosen.name);
    else if (event.key === 'Escape') setDismissed(draft);
    else return false;
    event.preventDefault();
    return true;
  };
  return { matches, active: at, setActive, choose, onKeyDown };
}
