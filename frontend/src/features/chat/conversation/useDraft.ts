import { useEffect, useState, type Dispatch, type SetStateAction } from 'react';

/** A question that was typed but not sent survives a reload and looking at another session. */
export function useDraft(place: string): [string, Dispatch<SetStateAction<string>>] {
  const key = `ding-robot.draft.${place}`;
  const [draft, setDraft] = useState(() => sessionStorage.getItem(key) ?? '');
  useEffect(() => {
    if (draft === '') sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, draft);
  }, [key, draft]);
  return [draft, setDraft];
}
