import { SearchOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding, HostList } from '@/api/types';
import { RequestError } from '@/components/RequestError';
import { Nothing, Panel } from '../Panel';
import { HostCard } from './HostCard';
import styles from './hosts.module.css';
import { CONDITIONS, countConditions, sortHosts, type Condition, type JudgedHost } from './judgeHost';

/** Cards on one page: more would be slower to draw than the search is to use. */
const PAGE_SIZE = 24;
/** With fewer hosts than this there is nothing to search. */
const SEARCH_FROM = 7;

interface HostsPanelProps {
  list: HostList | undefined;
  judged: readonly JudgedHost[];
  /** No host is known yet, but some may come. */
  isFirstLook: boolean;
  error: Error | null;
  onRetry: () => void;
  findings: readonly Finding[];
  filter: Condition | null;
  onFilter: (condition: Condition | null) => void;
  onOpen: (hostId: string, metric?: string) => void;
}

export function HostsPanel(props: HostsPanelProps): ReactNode {
  const { t } = useTranslation();
  const { list, error } = props;
  const isEmpty = list !== undefined && props.judged.length === 0;
  return (
    <Panel title={t('dashboard.hosts.title')}>
      {list === undefined && error !== null && (
        <RequestError title={t('dashboard.hosts.loadFailed')} error={error} onRetry={props.onRetry} />
      )}
      {list === undefined && error === null && <p className={styles['hint']}>{t('app.loading')}</p>}
      {isEmpty && props.isFirstLook && <p className={styles['hint']}>{t('dashboard.hosts.waiting')}</p>}
      {isEmpty && !props.isFirstLook && (
        <Nothing title={t('dashboard.hosts.none')} text={t('dashboard.hosts.noneText')} />
      )}
      {props.judged.length > 0 && <Hosts {...props} />}
    </Panel>
  );
}

function Hosts({ judged, findings, filter, onFilter, onOpen }: HostsPanelProps): ReactNode {
  const { t, i18n } = useTranslation();
  const [search, setSearch] = useState('');
  const [limit, setLimit] = useState(PAGE_SIZE);
  const words = search.trim().toLowerCase();
  const found = sortHosts(judged, i18n.language).filter(
    ({ host, condition }) =>
      (filter === null || condition === filter) &&
      `${host.name} ${host.id} ${host.os}`.toLowerCase().includes(words),
  );
  const shown = found.slice(0, limit);
  return (
    <>
      <div className={styles['filters']}>
        <ConditionFilter judged={judged} filter={filter} onFilter={onFilter} />
        {judged.length >= SEARCH_FROM && (
          <div className={styles['search']}>
            <SearchOutlined aria-hidden />
            <input
              type="search"
              value={search}
              aria-label={t('dashboard.hosts.search')}
              placeholder={t('dashboard.hosts.search')}
              onChange={({ target }) => {
                setSearch(target.value);
              }}
            />
          </div>
        )}
      </div>
      {found.length === 0 && <p className={styles['hint']}>{t('dashboard.hosts.noMatch')}</p>}
      <ul className={styles['grid']}>
        {shown.map((one) => (
          <HostCard
            key={one.host.id}
            judged={one}
            findings={findings.filter(({ target }) => target.kind === 'host' && target.id === one.host.id)}
            onOpen={onOpen}
          />
        ))}
      </ul>
      {found.length > shown.length && (
        <div className={styles['more']}>
          <Button
            size="small"
            onClick={() => {
              setLimit(limit + PAGE_SIZE);
            }}
          >
            {t('dashboard.hosts.showMore', { count: Math.min(PAGE_SIZE, found.length - shown.length) })}
          </Button>
        </div>
      )}
    </>
  );
}

function ConditionFilter({
  judged,
  filter,
  onFilter,
}: Pick<HostsPanelProps, 'judged' | 'filter' | 'onFilter'>): ReactNode {
  const { t } = useTranslation();
  const counts = countConditions(judged);
  // One that is chosen stays, even when its last host got better.
  const present = CONDITIONS.filter((condition) => counts[condition] > 0 || condition === filter);
  return (
    <div role="group" aria-label={t('dashboard.hosts.filter')} className={styles['conditions']}>
      <button
        type="button"
        aria-pressed={filter === null}
        onClick={() => {
          onFilter(null);
        }}
      >
        {t('dashboard.hosts.all')} <b>{judged.length}</b>
      </button>
      {present.map((condition) => (
        <button
          key={condition}
          type="button"
          aria-pressed={filter === condition}
          data-condition={condition}
          onClick={() => {
            onFilter(filter === condition ? null : condition);
          }}
        >
          {t(`dashboard.hosts.condition.${condition}`)} <b>{counts[condition]}</b>
        </button>
      ))}
    </div>
  );
}
