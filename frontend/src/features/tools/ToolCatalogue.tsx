import { SearchOutlined } from '@ant-design/icons';
import { useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Tool } from '@/api/types';
import { filterTools, NO_FILTER, type ToolFilter } from './filterTools';
import { ToolRow } from './ToolRow';
import styles from './tools.module.css';

export function ToolCatalogue({ tools }: { tools: readonly Tool[] }): ReactNode {
  const { t } = useTranslation();
  const [filter, setFilter] = useState(NO_FILTER);
  const shown = useMemo(() => filterTools(tools, filter), [tools, filter]);
  if (tools.length === 0) return <p className={styles['hint']}>{t('tools.none')}</p>;
  return (
    <>
      <Filters tools={tools} filter={filter} onFilter={setFilter} />
      <p role="status" className={styles['hint']}>
        {t('tools.count', { shown: shown.length, total: tools.length })}
      </p>
      {shown.length === 0 ? (
        <p className={styles['hint']}>{t('tools.noMatch')}</p>
      ) : (
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">{t('tools.name')}</th>
              <th scope="col">{t('tools.risk')}</th>
              <th scope="col">{t('tools.server')}</th>
              <th scope="col">{t('tools.calls')}</th>
              <th scope="col">{t('tools.errors')}</th>
              <th scope="col">{t('tools.latency')}</th>
              <th scope="col">{t('tools.enabled')}</th>
            </tr>
          </thead>
          {shown.map((tool) => (
            <ToolRow key={`${tool.server} ${tool.name}`} tool={tool} />
          ))}
        </table>
      )}
    </>
  );
}

interface FiltersProps {
  tools: readonly Tool[];
  filter: ToolFilter;
  onFilter: (filter: ToolFilter) => void;
}

function Filters({ tools, filter, onFilter }: FiltersProps): ReactNode {
  const { t } = useTranslation();
  const servers = [...new Set(tools.map(({ server }) => server))].sort();
  return (
    <div className={styles['filters']}>
      <div className={styles['search']}>
        <SearchOutlined aria-hidden />
        <input
          type="search"
          value={filter.query}
          aria-label={t('tools.search')}
          placeholder={t('tools.search')}
          onChange={({ target }) => {
            onFilter({ ...filter, query: target.value });
          }}
        />
      </div>
      <select
        aria-label={t('tools.server')}
        value={filter.server}
        onChange={({ target }) => {
          onFilter({ ...filter, server: target.value });
        }}
      >
        <option value="">{t('tools.allServers')}</option>
        {servers.map((server) => (
          <option key={server}>{server}</option>
        ))}
      </select>
      <select
        aria-label={t('tools.risk')}
        value={filter.risk}
        onChange={({ target }) => {
          onFilter({ ...filter, risk: target.value as ToolFilter['risk'] });
        }}
      >
        <option value="">{t('tools.allRisks')}</option>
        {(['read', 'change', 'destructive'] as const).map((risk) => (
          <option key={risk} value={risk}>
            {t(`tool.risk.${risk}`)}
          </option>
        ))}
      </select>
      <select
        aria-label={t('tools.enabled')}
        value={filter.state}
        onChange={({ target }) => {
          onFilter({ ...filter, state: target.value as ToolFilter['state'] });
        }}
      >
        <option value="">{t('tools.allStates')}</option>
        <option value="enabled">{t('tools.onlyEnabled')}</option>
        <option value="hidden">{t('tools.onlyHidden')}</option>
      </select>
    </div>
  );
}
