import { useEffect, type Dispatch, type SetStateAction } from 'react';
import { useSearchParams } from 'react-router';

/** The name in the address under which other pages hand over a question. */
const PARAMETER = 'ask';

/** Puts the question of a link where it can be read and changed; only a person sends it. */
export function useAskedQuestion(setDraft: Dispatch<SetStateAction<string>>): void {
  const [params, setParams] = useSearchParams();
  const asked = params.get(PARAMETER);
  useEffect(() => {
    if (asked === null) return;
    setDraft((draft) => join(draft, asked));
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete(PARAMETER);
        return next;
      },
      { replace: true },
    );
    document.getElementById('composer')?.focus();
  }, [asked, setDraft, setParams]);
}

/** What was typed before is kept, and nothing comes twice. */
function join(draft: string, asked: string): string {
  if (draft.includes(asked)) return draft;
  return draft.trim() === '' ? asked : `${draft.trimEnd()}\n${asked}`;
}
