import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { HostFacts } from '@/api/types';
import { ResultTable } from '@/components/data/ResultTable';
import type { Cell, TableResult } from '@/components/data/toolResult';
import { formatBytes, formatDateTime } from '@/components/format';
import styles from './drawer.module.css';

/** What else was read of a host; parts without content and unknown parts are left out here. */
export function HostFactTables({ facts }: { facts: HostFacts }): ReactNode {
  const { t, i18n } = useTranslation();
  const time = (at: string | null | undefined): string => (at == null ? '' : formatDateTime(at, i18n.language));
  const [pid, user, command] = [t('dashboard.host.pid'), t('dashboard.host.user'), t('dashboard.host.command')];
  return (
    <>
      <FactTable
        title={t('dashboard.host.processes')}
        columns={['CPU %', t('dashboard.hosts.memory'), pid, user, command]}
        rows={facts.top_processes?.map((one) => [
          one.cpu_percent.toFixed(1),
          formatBytes(one.memory_bytes),
          one.pid,
          one.user,
          one.command,
        ])}
      />
      <FactTable
        title={t('dashboard.host.zombies')}
        columns={[pid, command, t('dashboard.host.parent')]}
        rows={facts.zombies?.map((one) => [one.pid, one.command, `${one.parent_command} (${String(one.parent_pid)})`])}
      />
      <FactTable
        title={t('dashboard.host.units')}
        columns={[t('dashboard.host.unit'), t('chart.time'), t('dashboard.host.description'), t('dashboard.host.lastLine')]}
        rows={facts.failed_units?.map((one) => [one.name, time(one.since), one.description, one.last_lines?.at(-1) ?? ''])}
      />
      <FactTable
        title={t('dashboard.host.kills')}
        columns={[t('chart.time'), command, t('dashboard.hosts.memory')]}
        rows={facts.oom_kills?.map((one) => [
          time(one.at),
          one.process,
          one.memory_bytes === null ? '' : formatBytes(one.memory_bytes),
        ])}
      />
      <FactTable
        title={t('dashboard.host.certificates')}
        columns={[t('dashboard.host.expires'), t('dashboard.host.file'), t('dashboard.host.subject')]}
        rows={facts.certificates?.map((one) => [time(one.expires_at), one.path, one.subject])}
      />
      <FactTable
        title={t('dashboard.host.listeners')}
        columns={[t('dashboard.host.port'), user, pid, command]}
        rows={facts.listeners?.map((one) => [
          `${one.protocol} ${one.address}:${String(one.port)}`,
          one.user ?? '',
          one.pid ?? '',
          one.command === undefined || one.command === '' ? (one.process ?? '') : one.command,
        ])}
      />
    </>
  );
}

interface FactTableProps {
  title: string;
  columns: string[];
  rows: Cell[][] | undefined;
}

function FactTable({ title, columns, rows }: FactTableProps): ReactNode {
  if (rows === undefined || rows.length === 0) return null;
  const table: TableResult = {
    columns: columns.map((label, index) => ({ key: String(index), label })),
    rows,
    total: null,
    shown: rows.length,
    hasMore: false,
    counts: [],
    abnormal: 0,
    note: null,
  };
  return (
    <section>
      <h3>{title}</h3>
      <div className={styles['table']}>
        <ResultTable table={table} label={title} />
      </div>
    </section>
  );
}
