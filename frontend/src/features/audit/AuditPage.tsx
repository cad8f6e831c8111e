import { ReloadOutlined, SearchOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AuditRecord } from '@/api/types';
import { useRefusal } from '@/components/access/useRefusal';
import { PageLayout } from '@/components/layout/PageLayout';
import { RequestError } from '@/components/RequestError';
import { audit as texts } from '@/i18n/pages/audit';
import { usePageTexts } from '@/i18n/pages/usePageTexts';
import styles from './audit.module.css';
import { AuditTable } from './AuditTable';
import { filterRecords } from './filterRecords';
import { auditQuery } from './queries';

const GROUPS = ['login', 'token', 'session', 'tool', 'approval', 'grant', 'server', 'config'] as const;

export default function AuditPage(): ReactNode {
  usePageTexts('audit', texts);
  const { t } = useTranslation();
  const refusal = useRefusal('administer');
  return (
    <PageLayout title={t('audit.title')}>
      <p className={styles['text']}>{t('audit.text')}</p>
      {refusal === null ? (
        <Records />
      ) : (
        <p role="alert" className={styles['refused']}>
          {t('audit.forbidden')} · {refusal}
        </p>
      )}
    </PageLayout>
  );
}

function Records(): ReactNode {
  const { t } = useTranslation();
  const [action, setAction] = useState('');
  const [actor, setActor] = useState('');
  const [query, setQuery] = useState('');
  const pages = useInfiniteQuery(auditQuery(action));
  const records = useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]);
  const shown = useMemo(
    () => filterRecords(records ?? [], { query, actor }),
    [records, query, actor],
  );
  const actors = [...new Set((records ?? []).map((record) => record.actor))].sort();
  return (
    <>
      <div className={styles['filters']}>
        <div className={styles['search']}>
          <SearchOutlined aria-hidden />
          <input
            type="search"
            value={query}
            aria-label={t('audit.search')}
            placeholder={t('audit.search')}
            onChange={({ target }) => {
              setQuery(target.value);
            }}
          />
        </div>
        <select
          aria-label={t('audit.filter')}
          value={action}
          onChange={({ target }) => {
            setAction(target.value);
          }}
        >
          <option value="">{t('audit.all')}</option>
          {GROUPS.map((group) => (
            <option key={group} value={`${group}.`}>
              {t(`audit.group.${group}`)}
            </option>
          ))}
        </select>
        <select
          aria-label={t('audit.actor')}
          value={actor}
          onChange={({ target }) => {
            setActor(target.value);
          }}
        >
          <option value="">{t('audit.allActors')}</option>
          {actors.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <Button
          icon={<ReloadOutlined aria-hidden />}
          loading={pages.isRefetching && !pages.isFetchingNextPage}
          onClick={() => void pages.refetch()}
        >
          {t('audit.newest')}
        </Button>
      </div>
      {pages.error !== null && (
        <RequestError
          title={t('audit.loadFailed')}
          error={pages.error}
          onRetry={() => void pages.refetch()}
        />
      )}
      {records === undefined && pages.error === null && (
        <p className={styles['hint']}>{t('app.loading')}</p>
      )}
      {records !== undefined && <Found records={records} shown={shown} />}
      {pages.hasNextPage && (
        <div className={styles['more']}>
          <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            {t('audit.older')}
          </Button>
        </div>
      )}
      {records !== undefined && records.length > 0 && !pages.hasNextPage && (
        <p className={styles['end']}>{t('audit.end')}</p>
      )}
    </>
  );
}

function Found({ records, shown }: { records: AuditRecord[]; shown: AuditRecord[] }): ReactNode {
  const { t } = useTranslation();
  if (records.length === 0) return <p className={styles['hint']}>{t('audit.none')}</p>;
  return (
    <>
      <p role="status" className={styles['hint']}>
        {shown.length === 0 ? t('audit.noMatch') : t('audit.loaded', { count: records.length })}
      </p>
      {shown.length > 0 && <AuditTable records={shown} />}
    </>
  );
}
