import { lazy, Suspense, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Session } from '@/api/types';
import { RequestError } from '@/components/RequestError';
import { groupByDay } from './groupByDay';
import { SessionItem } from './SessionItem';
import styles from './SessionList.module.css';
import { useSessionActions } from './useSessionActions';

const DeleteDialog = lazy(() => import('./DeleteDialog'));

export function GroupedSessions(props: { sessions: Session[]; isSearch: boolean }): ReactNode {
  const { t } = useTranslation();
  const actions = useSessionActions();
  const [doomed, setDoomed] = useState<Session | null>(null);
  const { sessions, isSearch } = props;
  const titleOf = (session: Session): string => session.title || t('sessions.untitled');
  const item = (session: Session): ReactNode => (
    <SessionItem
      key={session.id}
      session={session}
      onRename={(title) => {
        actions.rename(session, title);
      }}
      onRemove={() => {
        setDoomed(session);
      }}
    />
  );
  return (
    <>
      {actions.renameError !== null && (
        <RequestError
          title={t('sessions.renameFailed')}
          error={actions.renameError}
          onDismiss={actions.forgetRenameError}
        />
      )}
      {/* Hits come best first, which days would tear apart. */}
      {isSearch ? (
        <ul className={styles['list']}>{sessions.map(item)}</ul>
      ) : (
        groupByDay(sessions, new Date()).map(({ group, sessions: ofDay }) => (
          <section key={group}>
            <h2 className={styles['day']}>{t(`sessions.${group}`)}</h2>
            <ul className={styles['list']}>{ofDay.map(item)}</ul>
          </section>
        ))
      )}
      {doomed !== null && (
        <Suspense>
          <DeleteDialog
            title={titleOf(doomed)}
            isBusy={actions.isRemoving}
            error={actions.removeError}
            onCancel={() => {
              setDoomed(null);
            }}
            onConfirm={() => {
              actions.remove(doomed, () => {
                setDoomed(null);
              });
            }}
          />
        </Suspense>
      )}
    </>
  );
}
