import { memo, useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message } from '@/api/types';
import { CopyButton } from '@/components/CopyButton';
import { ErrorCard } from '@/components/ErrorCard';
import { ModeBadge } from '@/components/ModeBadge';
import { BlockView } from '../blocks/BlockView';
import { formatDateTime, formatTime } from '@/components/format';
import { CitationContext, useReveal, type Citations } from '../grounding/CitationContext';
import { GroundingSummary } from '../grounding/GroundingSummary';
import { AnswerUsage } from '../models/AnswerUsage';
import styles from './MessageView.module.css';

interface MessageViewProps {
  message: Message;
  /** Asks the question of this turn again; absent while something else is being answered. */
  onRetry: ((message: Message) => void) | null;
  onDecided: () => void;
}

export const MessageView = memo(function MessageView(props: MessageViewProps) {
  return props.message.role === 'user' ? (
    <Question message={props.message} />
  ) : (
    <Answer {...props} />
  );
});

function Question({ message }: { message: Message }): ReactNode {
  const { t } = useTranslation();
  return (
    <article className={styles['question']} aria-label={t('conversation.you')}>
      <h2 className="visually-hidden">{t('conversation.you')}</h2>
      <div className={styles['bubble']}>{textOf(message)}</div>
    </article>
  );
}

function Answer({ message, onRetry, onDecided }: MessageViewProps): ReactNode {
  const { t } = useTranslation();
  const isStreaming = message.state === 'streaming';
  const last = message.blocks.at(-1);
  return (
    <article
      className={styles['answer']}
      aria-label={t('conversation.robot')}
      aria-busy={isStreaming}
    >
      <h2 className="visually-hidden">{t('conversation.robot')}</h2>
      <CitationContext value={useAnswerCitations(message)}>
        {message.blocks.map((block) => (
          <BlockView
            key={block.id}
            block={block}
            isStreaming={isStreaming && block === last}
            isFinished={!isStreaming}
            onDecided={onDecided}
          />
        ))}
      </CitationContext>
      {isStreaming && <Activity message={message} />}
      {message.state === 'cancelled' && (
        <p className={styles['stopped']}>{t('conversation.cancelled')}</p>
      )}
      {message.state === 'failed' && <Failure message={message} onRetry={onRetry} />}
      {!isStreaming && message.state !== 'interrupted' && <Footer message={message} />}
    </article>
  );
}

/** Calls are numbered in their order, where the answer refers to them. */
function useAnswerCitations({ blocks, state }: Message): Citations | null {
  const reveal = useReveal();
  return useMemo(() => {
    const isGrounded = blocks.some(
      (block) => block.type === 'text' && (block.statements ?? []).length > 0,
    );
    if (state === 'streaming' || !isGrounded || reveal === null) return null;
    const calls = blocks.filter(({ type }) => type === 'tool_call').map(({ id }) => id);
    return {
      numberOf: (callId) => (calls.includes(callId) ? calls.indexOf(callId) + 1 : null),
      nameOf: reveal.nameOf,
      reveal: reveal.reveal,
    };
  }, [blocks, state, reveal]);
}

function Activity({ message }: { message: Message }): ReactNode {
  const { t } = useTranslation();
  const last = message.blocks.at(-1);
  const isWriting = last?.type === 'text' && last.text !== '';
  return (
    <p className={styles['activity']}>
      <span className={styles['dots']} aria-hidden>
        <i />
        <i />
        <i />
      </span>
      {!isWriting && last?.type !== 'tool_call' && t('conversation.waiting')}
    </p>
  );
}

function Failure({ message, onRetry }: Omit<MessageViewProps, 'onDecided'>): ReactNode {
  const { t } = useTranslation();
  const code = message.error?.code ?? 'internal';
  const title = t(`error.kind.${code}` as 'error.kind.internal', {
    defaultValue: t('conversation.failedTitle'),
  });
  return (
    <div className={styles['failure']}>
      <ErrorCard
        title={title}
        message={message.error?.message ?? t('conversation.failedTitle')}
        hint={message.error?.hint ?? null}
        code={code}
        retryLabel={t('conversation.retry')}
        {...(onRetry === null
          ? {}
          : {
              onRetry: () => {
                onRetry(message);
              },
            })}
      />
    </div>
  );
}

function Footer({ message }: { message: Message }): ReactNode {
  const { t, i18n } = useTranslation();
  const text = textOf(message);
  return (
    <footer className={styles['footer']}>
      {text !== '' && <CopyButton text={text} label={t('conversation.copyAnswer')} />}
      {message.mode !== null && <ModeBadge mode={message.mode} model={message.model} />}
      <time dateTime={message.created_at} title={formatDateTime(message.created_at, i18n.language)}>
        {formatTime(message.created_at, i18n.language)}
      </time>
      <AnswerUsage message={message} />
      <GroundingSummary message={message} />
    </footer>
  );
}

function textOf(message: Message): string {
  return message.blocks
    .map((block) => (block.type === 'text' ? block.text : ''))
    .filter((text) => text !== '')
    .join('\n\n');
}
