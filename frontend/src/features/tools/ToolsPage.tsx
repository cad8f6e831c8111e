import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLayout } from '@/components/layout/PageLayout';
import { RequestError } from '@/components/RequestError';
import { tools as texts } from '@/i18n/pages/tools';
import { usePageTexts } from '@/i18n/pages/usePageTexts';
import { ChangedTool } from './ChangedTool';
import { toolsQuery } from './queries';
import { ServerCards } from './ServerCards';
import { ToolCatalogue } from './ToolCatalogue';
import styles from './tools.module.css';

export default function ToolsPage(): ReactNode {
  usePageTexts('tools', texts);
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(toolsQuery());
  const changed = data?.items.filter(({ hidden }) => hidden?.reason === 'changed') ?? [];
  return (
    <PageLayout title={t('tools.title')}>
      {changed.map((tool) => (
        <ChangedTool key={`${tool.server} ${tool.name}`} tool={tool} />
      ))}
      <section aria-labelledby="servers-title">
        <h2 id="servers-title" className={styles['heading']}>
          {t('tools.servers')}
        </h2>
        <ServerCards />
      </section>
      <section aria-labelledby="catalogue-title">
        <h2 id="catalogue-title" className={styles['heading']}>
          {t('tools.catalogue')}
        </h2>
        {data === undefined && error !== null && (
          <RequestError title={t('tools.loadFailed')} error={error} onRetry={() => void refetch()} />
        )}
        {data === undefined && error === null && <p className={styles['hint']}>{t('app.loading')}</p>}
        {data !== undefined && <ToolCatalogue tools={data.items} />}
      </section>
    </PageLayout>
  );
}
