import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Approval, Block, Message } from '@/api/types';
import { useLocalText } from '@/components/data/useLocalText';
import { readPreview } from '../approvals/readPreview';

/**
 * Tells screen readers what is new, once it is finished: reading a text out
 * while it grows would repeat every word. The list itself is silent, since
 * scrolling puts old messages into it.
 */
export function Announcer({ messages }: { messages: readonly Message[] }): ReactNode {
  const { t } = useTranslation();
  const inLanguage = useLocalText();
  const answer = messages.at(-1);
  const lines = useMemo(() => {
    if (answer?.role !== 'assistant') return [];
    const isStreaming = answer.state === 'streaming';
    const finished = isStreaming ? answer.blocks.slice(0, -1) : answer.blocks;
    const said = finished.map((block) => ({ id: block.id, text: describe(block) }));
    if (answer.error !== null) {
      const text = t('conversation.runFailed', { message: answer.error.message });
      said.push({ id: 'error', text });
    }
    return said.filter(({ text }) => text !== '');

    function questionOf({ preview, question }: Approval): string {
      const title = preview == null ? null : readPreview(preview).title;
      return title === null ? question : inLanguage(title);
    }

    function describe(block: Block): string {
      switch (block.type) {
        case 'text':
          return block.text;
        case 'tool_call': {
          const status = t(`tool.status.${block.status}`);
          return t('tool.label', { name: block.name, status });
        }
        case 'approval':
          return t('conversation.approvalNeeded', { question: questionOf(block.approval) });
        case 'notice':
          return block.message;
        case 'reasoning':
          return '';
      }
    }
  }, [answer, inLanguage, t]);

  return (
    <div role="log" aria-live="polite" aria-label={t('conversation.label')} className="visually-hidden">
      {lines.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
