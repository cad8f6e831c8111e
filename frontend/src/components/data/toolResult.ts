/** Reads the structured results of tools; any server may send anything, so every shape is checked. */

export type Cell = string | number | boolean | null;
export type JsonObject = Record<string, unknown>;

export interface TableResult {
  columns: { key: string; label: string }[];
  rows: Cell[][];
  total: number | null;
  shown: number;
  hasMore: boolean;
  counts: [string, number][];
  abnormal: number;
  note: string | null;
}

export interface LogResult {
  source: string;
  lines: string[];
  isPrevious: boolean;
  isTruncated: boolean;
  note: string | null;
}

export interface LocalText {
  en: string;
  zh: string;
}

export interface Problem {
  condition: string;
  object: string;
  severity: 'critical' | 'warning';
  cause: LocalText;
  evidence: string[];
  nextStep: LocalText;
  confidence: number | null;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCell(value: unknown): value is Cell {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

export function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function toNumber(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function toStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function showCell(value: unknown): Cell {
  return isCell(value) ? value : JSON.stringify(value);
}

export function readTable(result: JsonObject): TableResult | null {
  const { columns, rows } = result;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return null;
  const heads = columns.map(readColumn).filter((head) => head !== null);
  if (heads.length === 0 || heads.length !== columns.length) return null;
  const cells = rows.filter((row) => Array.isArray(row)).map((row) => row.map(showCell));
  const order = columnOrder(heads, toText(result['namespace']) !== null).filter(
    (index) => cells.length === 0 || cells.some((row) => !isBlankCell(row[index])),
  );
  const shown = toNumber(result['shown']) ?? cells.length;
  const total = toNumber(result['total']);
  return {
    columns: order.map((index) => heads[index]).filter((head) => head !== undefined),
    rows: cells.map((row) => order.map((index) => row[index] ?? null)),
    total,
    shown,
    hasMore: toText(result['next_cursor']) !== null || (total !== null && total > shown),
    counts: readCounts(result['counts']),
    abnormal: toNumber(result['abnormal']) ?? 0,
    note: toText(result['note']),
  };
}

function isBlankCell(cell: Cell | undefined): boolean {
  return cell === undefined || cell === null || cell === '';
}

/** Our servers name columns by their key alone; others may add a label. */
function readColumn(column: unknown): { key: string; label: string } | null {
  if (typeof column === 'string') {
    return { key: column, label: column.replaceAll('_', ' ').toUpperCase() };
  }
  if (!isObject(column)) return null;
  const key = String(showCell(column['key']));
  return { key, label: toText(column['label']) ?? key };
}

/** A namespace that all rows share is no column, and what is wrong stands beside the status. */
function columnOrder(columns: { key: string }[], isOneNamespace: boolean): number[] {
  const keys = columns.map(({ key }) => key);
  const all = [...keys.keys()].filter((index) => !(isOneNamespace && keys[index] === 'namespace'));
  const problem = keys.indexOf('problem');
  const status = keys.indexOf('status');
  if (problem === -1 || status === -1) return all;
  return all
    .filter((index) => index !== problem)
    .flatMap((index) => (index === status ? [status, problem] : [index]));
}

function readCounts(value: unknown): [string, number][] {
  if (!isObject(value)) return [];
  return Object.entries(value).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
}

export function readLogs(result: JsonObject): LogResult | null {
  const { lines } = result;
  if (!Array.isArray(lines)) return null;
  const source = ['namespace', 'pod', 'container'].map((key) => toText(result[key]));
  return {
    source: source.filter((part) => part !== null).join(' / '),
    lines: toStrings(lines),
    isPrevious: result['previous'] === true,
    isTruncated: result['truncated'] === true,
    note: toText(result['note']),
  };
}

export function readLocalText(value: unknown): LocalText {
  if (typeof value === 'string') return { en: value, zh: value };
  const texts = isObject(value) ? value : {};
  const en = toText(texts['en']) ?? toText(texts['zh']) ?? '';
  return { en, zh: toText(texts['zh']) ?? en };
}

export function toObjects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function readProblems(result: JsonObject): Problem[] {
  return toObjects(result['problems']).map(readProblem);
}

export function readProblem(problem: JsonObject): Problem {
  return {
    condition: toText(problem['condition']) ?? '',
    object: toText(problem['object']) ?? '',
    severity: problem['severity'] === 'critical' ? 'critical' : 'warning',
    cause: readLocalText(problem['cause']),
    evidence: toStrings(problem['evidence']),
    nextStep: readLocalText(problem['next_step']),
    confidence: toNumber(problem['confidence']),
  };
}
