import { useQuery } from '@tanstack/react-query';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunMode } from '@/api/types';
import { ModeBadge } from '@/components/ModeBadge';
import { SessionGrants } from './approvals/SessionGrants';
import styles from './ChatHeader.module.css';
import { SessionUsage } from './models/SessionUsage';
import { sessionQuery } from './queries';

interface ChatHeaderProps {
  sessionId: string | null;
  mode: RunMode | null;
}

export function ChatHeader({ sessionId, mode }: ChatHeaderProps): ReactNode {
  const { t } = useTranslation();
  const { data } = useQuery({ ...sessionQuery(sessionId ?? ''), enabled: sessionId !== null });
  const known = sessionId === null ? '' : (data?.title ?? '');
  const title = known === '' ? t('sessions.untitled') : known;

  useEffect(() => {
    document.title = known === '' ? t('app.name') : `${known} · ${t('app.name')}`;
  }, [known, t]);

  return (
    <>
      <h1 className={styles['title']} title={title}>
        {title}
      </h1>
      {sessionId !== null && <SessionGrants sessionId={sessionId} />}
      {sessionId !== null && <SessionUsage sessionId={sessionId} />}
      {mode !== null && <ModeBadge mode={mode} model={null} />}
    </>
  );
}
