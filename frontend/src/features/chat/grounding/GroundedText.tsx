import { useMemo, type ReactNode } from 'react';
import type { Statement, TextBlock } from '@/api/types';
import { Markdown } from '@/components/markdown/Markdown';
import type { StatementMarks } from '@/components/markdown/marks';
import { StatementNote } from './StatementNote';

/** An answer's text; once it is finished, with what each statement rests on. */
export function GroundedText({ block, isFinished }: { block: TextBlock; isFinished: boolean }): ReactNode {
  const { statements } = block;
  const marks = useMemo<StatementMarks | undefined>(() => {
    if (!isFinished || statements === undefined || statements.length === 0) return undefined;
    return {
      ranges: statements.map((statement, index) => ({
        index,
        start: statement.start,
        end: statement.end,
        status: statement.status,
        key: keyOf(statement),
      })),
      render: (index) => {
        const statement = statements[index];
        return statement === undefined ? null : <StatementNote statement={statement} />;
      },
    };
  }, [statements, isFinished]);
  return <Markdown text={block.text} marks={marks} />;
}

/** Sentences in a row that rest on the same calls share one mark; a contradiction always speaks for itself. */
function keyOf({ status, tool_call_ids }: Statement): string | null {
  return status === 'contradicted' ? null : [status, ...tool_call_ids].join(' ');
}
