import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatBytes, formatPercent } from '@/components/format';
import styles from './data.module.css';
import { ResultTable } from './ResultTable';
import { isObject, type Cell, type JsonObject, type TableResult } from './toolResult';

/** Shown by views of their own, or as part of the card's head. */
const SHOWN_ELSEWHERE = new Set(['kind', 'problems']);

/** Any structured result: plain fields as facts, lists of objects as tables. */
export function ObjectView({ value }: { value: JsonObject }): ReactNode {
  const entries = Object.entries(value).filter(([key]) => !SHOWN_ELSEWHERE.has(key));
  const lists = entries.filter(([, field]) => isObjectList(field)) as [string, JsonObject[]][];
  const facts = entries.filter(([, field]) => !isObjectList(field) && !isBlank(field));
  return (
    <div className={styles['object']}>
      <dl className={styles['pairs']}>
        {facts.map(([key, field]) => (
          <div key={key}>
            <dt>{toLabel(key)}</dt>
            <dd>
              <Field name={key} value={field} />
            </dd>
          </div>
        ))}
      </dl>
      {lists.map(([key, items]) => (
        <div key={key}>
          <h3>{toLabel(key)}</h3>
          <ResultTable table={tableOf(items)} label={toLabel(key)} />
        </div>
      ))}
    </div>
  );
}

function Field({ name, value }: { name: string; value: unknown }): ReactNode {
  const { t } = useTranslation();
  if (typeof value === 'boolean') return value ? t('tool.yes') : t('tool.no');
  if (typeof value === 'string' || typeof value === 'number') return withUnit(name, value);
  return <code className={styles['mono']}>{compact(value)}</code>;
}

function isObjectList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

function isBlank(value: unknown): boolean {
  if (value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function toLabel(key: string): string {
  return key.replace(/_bytes$/, '').replace(/_ratio$/, ' %').replaceAll('_', ' ');
}

/** Our servers name the unit of a number at the end of its field. */
function withUnit(name: string, value: string | number): string {
  if (typeof value === 'string') return value;
  if (name.endsWith('_bytes')) return formatBytes(value);
  if (name.endsWith('_ratio')) return formatPercent(value);
  return String(value);
}

/** `{cpu: "100m", memory: "64Mi"}` as `cpu=100m, memory=64Mi`. */
function compact(value: unknown): string {
  if (Array.isArray(value)) return value.map(compact).join(', ');
  if (!isObject(value)) return String(value);
  return Object.entries(value)
    .filter(([, field]) => !isBlank(field))
    .map(([key, field]) => `${key}=${isObject(field) ? `{${compact(field)}}` : compact(field)}`)
    .join(', ');
}

function tableOf(items: JsonObject[]): TableResult {
  const keys = [...new Set(items.flatMap((item) => Object.keys(item)))].filter((key) =>
    items.some((item) => !isBlank(item[key])),
  );
  return {
    columns: keys.map((key) => ({ key, label: toLabel(key) })),
    rows: items.map((item) => keys.map((key) => cellOf(key, item[key]))),
    total: null,
    shown: items.length,
    hasMore: false,
    counts: [],
    abnormal: 0,
    note: null,
  };
}

function cellOf(key: string, value: unknown): Cell {
  if (value === undefined || isBlank(value)) return null;
  if (typeof value === 'number') return withUnit(key, value);
  return typeof value === 'object' ? compact(value) : (value as Cell);
}
