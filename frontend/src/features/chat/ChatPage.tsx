import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation, useParams } from 'react-router';
import { HealthBanner } from '@/components/HealthBanner';
import { AppLayout } from '@/components/layout/AppLayout';
import { ChatHeader } from './ChatHeader';
import { ConversationView } from './conversation/ConversationView';
import { NewConversation } from './conversation/NewConversation';
import { healthQuery } from './queries';
import { SessionList } from './sessions/SessionList';

export function ChatPage(): ReactNode {
  const { t } = useTranslation();
  const { sessionId } = useParams();
  const { key } = useLocation();
  const health = useQuery(healthQuery());
  const isUnreachable = health.error !== null;
  const isOffline = isUnreachable || health.data?.status === 'unavailable';
  return (
    <AppLayout
      location={key}
      sidebarLabel={t('sessions.title')}
      skipTo={{ href: '#composer', text: t('app.skipToComposer') }}
      sidebar={<SessionList />}
      header={<ChatHeader sessionId={sessionId ?? null} mode={health.data?.mode ?? null} />}
      banner={<HealthBanner health={health.data} isUnreachable={isUnreachable} />}
    >
      {sessionId === undefined ? (
        <NewConversation isOffline={isOffline} />
      ) : (
        <ConversationView key={sessionId} sessionId={sessionId} isOffline={isOffline} />
      )}
    </AppLayout>
  );
}
