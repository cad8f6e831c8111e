import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { createSession, startRun } from '@/api/endpoints';
import { useRefusal } from '@/components/access/useRefusal';
import { RequestError } from '@/components/RequestError';
import { forgetChoice, rememberChoice, useModelChoice } from '../models/useModelChoice';
import { useModels } from '../models/useModels';
import { rememberQuestion } from '../queries';
import { Composer } from './Composer';
import styles from './ConversationView.module.css';
import { EmptyState } from './EmptyState';
import { useAskedQuestion } from './useAskedQuestion';
import { useDraft } from './useDraft';

/** In place of the id that the session does not have yet. */
const NEW = 'new';

/** The start page: the session is created by the first question. */
export function NewConversation({ isOffline }: { isOffline: boolean }): ReactNode {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [draft, setDraft] = useDraft('new');
  useAskedQuestion(setDraft);
  const models = useModels();
  const choice = useModelChoice(NEW, models);
  const refusal = useRefusal('ask');
  // Kept for a second try, so that a refused first question leaves no row of empty sessions.
  const createdId = useRef<string | null>(null);

  const starting = useMutation({
    mutationFn: async (text: string) => {
      createdId.current ??= (await createSession()).id;
      return startRun(createdId.current, { message: text, ...choice.forRequest });
    },
    onSuccess: async (started, text) => {
      await rememberQuestion(queryClient, started, text);
      setDraft('');
      if (choice.forRequest.model !== undefined) rememberChoice(started.session_id, choice.forRequest.model);
      forgetChoice(NEW);
      await navigate(`/sessions/${started.session_id}`);
    },
    onError: (_error, text) => {
      setDraft(text);
    },
  });
  const ask = (text: string): void => {
    if (!starting.isPending) starting.mutate(text.trim());
  };

  return (
    <>
      <EmptyState onAsk={refusal === null ? ask : null} />
      <div className={styles['foot']}>
        {starting.error !== null && (
          <RequestError
            title={t('composer.sendFailed')}
            error={starting.error}
            onDismiss={starting.reset}
          />
        )}
      </div>
      <Composer
        draft={draft}
        onDraft={setDraft}
        onSend={() => {
          ask(draft);
        }}
        onStop={null}
        isStopping={false}
        isSending={starting.isPending}
        blockedBecause={refusal ?? (isOffline ? t('composer.offline') : null)}
        models={models}
        choice={choice}
      />
    </>
  );
}
