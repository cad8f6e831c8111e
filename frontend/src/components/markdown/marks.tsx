import { createContext, useContext, type ReactNode } from 'react';
import type { StatementRange } from './rehypeStatements';

export interface StatementMarks {
  ranges: readonly StatementRange[];
  /** What stands at the end of a statement. */
  render: (index: number) => ReactNode;
}

export const MarksContext = createContext<StatementMarks | null>(null);

export function StatementMark({ index }: { index: number }): ReactNode {
  return useContext(MarksContext)?.render(index) ?? null;
}
