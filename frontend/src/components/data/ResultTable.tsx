import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './data.module.css';
import type { Cell, TableResult } from './toolResult';
import { useConditionTitle } from './useLocalText';

/** Beyond this many rows a card would be slower to scroll than the question is to narrow. */
const MOST_ROWS = 200;

const WAITING = /^(Pending|ContainerCreating|PodInitializing|Terminating|Init:|NotReady|Unknown)/;

export function ResultTable({ table, label }: { table: TableResult; label: string }): ReactNode {
  const { t } = useTranslation();
  const problemColumn = table.columns.findIndex((column) => column.key === 'problem');
  const statusColumn = table.columns.findIndex((column) => column.key === 'status');
  const rows = useMemo(() => table.rows.slice(0, MOST_ROWS), [table.rows]);
  return (
    <div>
      <TableFacts table={table} />
      {rows.length === 0 ? (
        <p className={styles['empty']}>{t('tool.emptyTable')}</p>
      ) : (
        // Wide tables scroll by themselves; the keyboard needs the focus for that.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div className={styles['tableScroll']} role="group" aria-label={label} tabIndex={0}>
          <table className={styles['table']}>
            <thead>
              <tr>
                {table.columns.map((column) => (
                  <th key={column.key} scope="col">
                    {column.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={index} data-abnormal={isAbnormal(row[problemColumn]) || undefined}>
                  {row.map((cell, column) => (
                    <td key={column} data-tone={column === statusColumn ? toneOf(row, column, problemColumn) : undefined}>
                      {column === problemColumn ? <Condition id={cell} /> : <CellText cell={cell} />}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <HiddenRows table={table} drawn={rows.length} />
      {table.note !== null && <p className={styles['note']}>{table.note}</p>}
    </div>
  );
}

function TableFacts({ table }: { table: TableResult }): ReactNode {
  const { t } = useTranslation();
  return (
    <div className={styles['facts']}>
      {table.total !== null && <span>{t('tool.total', { count: table.total })}</span>}
      {table.abnormal > 0 && (
        <span data-tone="danger">{t('tool.abnormal', { count: table.abnormal })}</span>
      )}
      {table.counts.map(([name, count]) => (
        <span key={name}>
          {name} <b>{count}</b>
        </span>
      ))}
    </div>
  );
}

function HiddenRows({ table, drawn }: { table: TableResult; drawn: number }): ReactNode {
  const { t } = useTranslation();
  if (!table.hasMore && drawn >= table.rows.length) return null;
  const count = Math.max(table.total ?? 0, table.rows.length) - drawn;
  return (
    <p className={styles['note']}>
      {count > 0 ? t('tool.more', { count }) : t('tool.moreUnknown')}
    </p>
  );
}

function Condition({ id }: { id: Cell }): ReactNode {
  const titleOf = useConditionTitle();
  if (!isAbnormal(id)) return null;
  return <span title={String(id)}>{titleOf(String(id))}</span>;
}

function isAbnormal(cell: Cell | undefined): boolean {
  return typeof cell === 'string' && cell !== '';
}

function toneOf(row: Cell[], status: number, problem: number): string | undefined {
  if (WAITING.test(String(row[status] ?? ''))) return 'warning';
  return isAbnormal(row[problem]) ? 'danger' : undefined;
}

function CellText({ cell }: { cell: Cell }): ReactNode {
  const { t } = useTranslation();
  if (typeof cell === 'boolean') return cell ? t('tool.yes') : t('tool.no');
  return cell === null || cell === '' ? '–' : String(cell);
}
