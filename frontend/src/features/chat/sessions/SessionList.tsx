import { CloseCircleFilled, PlusOutlined, SearchOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { RequestError } from '@/components/RequestError';
import { sessionsQuery } from '../queries';
import { GroupedSessions } from './GroupedSessions';
import styles from './SessionList.module.css';
import { useDebounced } from './useDebounced';

const SEARCH_DELAY_MS = 250;

export function SessionList(): ReactNode {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const query = useDebounced(search.trim(), SEARCH_DELAY_MS);
  return (
    <>
      <div className={styles['tools']}>
        <Link to="/" className={styles['new']}>
          <PlusOutlined aria-hidden /> {t('sessions.new')}
        </Link>
        <SearchField value={search} onChange={setSearch} />
      </div>
      <nav className={styles['scroll']} aria-label={t('sessions.title')}>
        <Sessions search={query} />
      </nav>
    </>
  );
}

function SearchField(props: { value: string; onChange: (value: string) => void }): ReactNode {
  const { t } = useTranslation();
  const { value, onChange } = props;
  return (
    <div className={styles['search']}>
      <SearchOutlined aria-hidden />
      <input
        type="search"
        value={value}
        aria-label={t('sessions.search')}
        placeholder={t('sessions.search')}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
      {value !== '' && (
        <button
          type="button"
          aria-label={t('sessions.clearSearch')}
          onClick={() => {
            onChange('');
          }}
        >
          <CloseCircleFilled aria-hidden />
        </button>
      )}
    </div>
  );
}

function Sessions({ search }: { search: string }): ReactNode {
  const { t } = useTranslation();
  const query = useInfiniteQuery(sessionsQuery(search));
  const sessions = useMemo(() => query.data?.pages.flatMap((page) => page.items), [query.data]);

  if (sessions === undefined) {
    if (query.error === null) return <p className={styles['hint']}>{t('app.loading')}</p>;
    return (
      <div className={styles['failed']}>
        <RequestError
          title={t('sessions.loadFailed')}
          error={query.error}
          onRetry={() => void query.refetch()}
        />
      </div>
    );
  }
  if (sessions.length === 0) {
    const text = search === '' ? t('sessions.empty') : t('sessions.noMatch', { query: search });
    return <p className={styles['hint']}>{text}</p>;
  }
  return (
    <>
      <GroupedSessions sessions={sessions} isSearch={search !== ''} />
      {query.hasNextPage && (
        <Button
          type="text"
          block
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t('sessions.loadMore')}
        </Button>
      )}
    </>
  );
}
