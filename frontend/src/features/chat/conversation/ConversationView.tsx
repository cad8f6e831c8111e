import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { cancelRun, startRun } from '@/api/endpoints';
import type { Message } from '@/api/types';
import { useRefusal } from '@/components/access/useRefusal';
import { RequestError } from '@/components/RequestError';
import { useModelChoice } from '../models/useModelChoice';
import { useModels } from '../models/useModels';
import { isMissing, rememberQuestion } from '../queries';
import type { LiveTurn } from '../turn/RunFollower';
import { useConversation } from '../turn/useConversation';
import { Announcer } from './Announcer';
import { Composer } from './Composer';
import styles from './ConversationView.module.css';
import { EmptyState } from './EmptyState';
import { MessageList } from './MessageList';
import { useDraft } from './useDraft';

interface ConversationViewProps {
  sessionId: string;
  isOffline: boolean;
}

/** Below this a retry is over before it could be read. */
const SHOW_RETRY_FROM_MS = 1500;

export function ConversationView({ sessionId, isOffline }: ConversationViewProps): ReactNode {
  const queryClient = useQueryClient();
  const conversation = useConversation(sessionId);
  const { messages, live, activeRunId, reload } = conversation;
  const [draft, setDraft] = useDraft(sessionId);
  const models = useModels();
  const choice = useModelChoice(sessionId, models);
  const refusal = useRefusal('ask');

  const sending = useMutation({
    mutationFn: (text: string) => startRun(sessionId, { message: text, ...choice.forRequest }),
    onSuccess: (started, text) => rememberQuestion(queryClient, started, text),
    onError: (_error, text) => {
      setDraft((current) => (current === '' ? text : current));
    },
  });
  const stopping = useMutation({ mutationFn: cancelRun });

  const { mutate: send } = sending;
  const ask = useCallback(
    (text: string) => {
      setDraft('');
      send(text.trim());
    },
    [send, setDraft],
  );
  const askAgain = useCallback(
    (answer: Message) => {
      const question = messages.find(
        (message) => message.role === 'user' && message.turn_id === answer.turn_id,
      );
      const block = question?.blocks.find(({ type }) => type === 'text');
      if (block?.type === 'text') send(block.text);
    },
    [messages, send],
  );

  const blockedBecause = useBlock({ refusal, isBusy: activeRunId !== null, isOffline });
  const isReading = refusal !== null;

  const { error } = conversation;
  if (error !== null && isFatal(error, messages)) {
    return <LoadFailure error={error} onRetry={reload} />;
  }
  return (
    <>
      {messages.length === 0 && !conversation.isLoading ? (
        <EmptyState onAsk={isReading ? null : ask} />
      ) : (
        <MessageList
          messages={messages}
          hasOlder={conversation.hasOlder}
          isLoadingOlder={conversation.isLoadingOlder}
          onLoadOlder={conversation.loadOlder}
          onRetry={activeRunId === null && !isReading ? askAgain : null}
          onDecided={reload}
        />
      )}
      <Announcer messages={messages} />
      <div className={styles['foot']}>
        <ConnectionState live={live} />
        <SendFailure error={sending.error} onDismiss={sending.reset} />
      </div>
      <Composer
        draft={draft}
        onDraft={setDraft}
        onSend={() => {
          ask(draft);
        }}
        onStop={
          activeRunId === null || isReading
            ? null
            : () => {
                stopping.mutate(activeRunId);
              }
        }
        isStopping={stopping.isPending || (stopping.isSuccess && stopping.variables === activeRunId)}
        isSending={sending.isPending}
        blockedBecause={blockedBecause}
        models={models}
        choice={choice}
      />
    </>
  );
}

/** What is drawn already stays when only its refreshing failed. */
function isFatal(error: Error, messages: readonly Message[]): boolean {
  return isMissing(error) || messages.length === 0;
}

/** Why nothing can be sent now, in words. */
function useBlock(state: {
  refusal: string | null;
  isBusy: boolean;
  isOffline: boolean;
}): string | null {
  const { t } = useTranslation();
  if (state.refusal !== null) return state.refusal;
  if (state.isBusy) return t('composer.busy');
  return state.isOffline ? t('composer.offline') : null;
}

function SendFailure({ error, onDismiss }: { error: Error | null; onDismiss: () => void }): ReactNode {
  const { t } = useTranslation();
  if (error === null) return null;
  return <RequestError title={t('composer.sendFailed')} error={error} onDismiss={onDismiss} />;
}

function ConnectionState({ live }: { live: LiveTurn | null }): ReactNode {
  const { t } = useTranslation();
  if (live === null) return null;
  if (live.end?.kind === 'refused') {
    return <p className={styles['connection']}>{t('connection.lost')}</p>;
  }
  if (live.retryInMs === null || live.retryInMs < SHOW_RETRY_FROM_MS) return null;
  const seconds = Math.round(live.retryInMs / 1000);
  return (
    <p className={styles['connection']} role="status">
      {t('connection.retrying', { seconds })}
    </p>
  );
}

function LoadFailure({ error, onRetry }: { error: Error; onRetry: () => void }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['failed']}>
      {isMissing(error) ? (
        <>
          <h1>{t('sessions.notFound')}</h1>
          <p>{t('sessions.notFoundText')}</p>
          <Link to="/">{t('sessions.new')}</Link>
        </>
      ) : (
        <RequestError title={t('conversation.loadFailed')} error={error} onRetry={onRetry} />
      )}
    </div>
  );
}
