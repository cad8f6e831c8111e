/**
 * What a tool server tells about a change before it is made. Servers differ, so
 * every part is optional, and what has no known name is kept as it is.
 */
import type { RiskLevel } from '@/api/types';
import { isObject, readLocalText, type JsonObject, type LocalText } from '@/components/data/toolResult';

export interface PreviewChange {
  field: string;
  before: string | null;
  after: string | null;
}

/** One of several objects of a change. */
export interface PreviewObject {
  object: string;
  action: string | null;
  changes: PreviewChange[];
}

export interface Preview {
  kind: string | null;
  /** The change as a question. */
  title: LocalText | null;
  /** What this very call does, where the tool's own risk is the worst it can do. */
  risk: RiskLevel | null;
  cluster: string | null;
  object: string | null;
  changes: PreviewChange[];
  objects: PreviewObject[];
  /** How many fields differ beyond those that are listed. */
  moreChanges: number;
  /** How many fields a new object gets by itself. */
  filledIn: number;
  pods: string[];
  podsTotal: number;
  /** How many pods more or fewer there will be. */
  podDifference: number | null;
  dryRun: { isOk: boolean | null; text: string } | null;
  undo: string | null;
  noUndo: LocalText | null;
  effects: LocalText[];
  warnings: LocalText[];
  /** What could not be found out. */
  unknown: LocalText[];
  other: JsonObject;
}

const KNOWN = new Set([
  'kind',
  // Of a command on hosts; the question itself tells them too.
  'class',
  'hosts',
  'hosts_total',
  'reasons',
  'why',
  'approved_before',
  'title',
  'risk',
  'cluster',
  'object',
  'objects',
  'changes',
  'more_changes',
  'filled_in',
  'before',
  'after',
  'pods',
  'pods_total',
  'dry_run',
  'undo',
  'no_undo',
  'effects',
  'warnings',
  'unknown',
]);

export function readPreview(preview: JsonObject): Preview {
  const { kind, object, pods, risk } = preview;
  const names = readPods(pods);
  return {
    kind: show(kind),
    title: readText(preview['title']),
    risk: risk === 'change' || risk === 'destructive' ? risk : null,
    cluster: show(preview['cluster']),
    object: show(object),
    changes: readChanges(preview),
    objects: readObjects(preview['objects']),
    moreChanges: readCount(preview['more_changes']) ?? 0,
    filledIn: readCount(preview['filled_in']) ?? 0,
    pods: names,
    podsTotal: readCount(preview['pods_total']) ?? names.length,
    podDifference: typeof pods === 'number' ? pods : null,
    dryRun: readDryRun(preview['dry_run']),
    undo: typeof preview['undo'] === 'string' ? preview['undo'] : null,
    noUndo: readText(preview['no_undo']),
    effects: readTexts(preview['effects']),
    warnings: readTexts(preview['warnings']),
    unknown: readTexts(preview['unknown']),
    other: Object.fromEntries(Object.entries(preview).filter(([key]) => !KNOWN.has(key))),
  };
}

/** Either a list of changes, or two states whose fields are compared. */
function readChanges(preview: JsonObject): PreviewChange[] {
  const { changes, before, after } = preview;
  if (Array.isArray(changes)) return changes.filter(isObject).map(readChange);
  if (isObject(before) && isObject(after)) {
    const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return fields
      .map((field) => ({ field, before: show(before[field]), after: show(after[field]) }))
      .filter((change) => change.before !== change.after);
  }
  if (before === undefined && after === undefined) return [];
  return [{ field: '', before: show(before), after: show(after) }];
}

function readChange(change: JsonObject): PreviewChange {
  const field = change['field'] ?? change['path'] ?? '';
  return { field: show(field) ?? '', before: show(change['before']), after: show(change['after']) };
}

function readObjects(value: unknown): PreviewObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map((entry) => ({
    object: show(entry['object']) ?? '',
    action: show(entry['action']),
    changes: readChanges(entry),
  }));
}

function readPods(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .map((pod: unknown) => (isObject(pod) ? pod['name'] : pod))
    .filter((name) => typeof name === 'string');
}

function readCount(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function readDryRun(value: unknown): Preview['dryRun'] {
  if (value === 'ok') return { isOk: true, text: '' };
  if (typeof value === 'string' && value !== '') return { isOk: null, text: value };
  if (!isObject(value)) return null;
  const { ok, message, result } = value;
  const text = show(message ?? result) ?? '';
  return { isOk: typeof ok === 'boolean' ? ok : null, text };
}

function readText(value: unknown): LocalText | null {
  const text = readLocalText(value);
  return text.en === '' ? null : text;
}

function readTexts(value: unknown): LocalText[] {
  return Array.isArray(value) ? value.map(readText).filter((text) => text !== null) : [];
}

function show(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const UNDO_LINE = /^(?:Undo|撤销)\s*[:：]\s*(.+)$/i;

/** A question in plain text ends with the way back; that line is worth copying. */
export function splitUndo(lines: readonly string[]): { text: string; undo: string | null } {
  const at = lines.findIndex((line) => UNDO_LINE.test(line.trim()));
  const undo = UNDO_LINE.exec(lines[at]?.trim() ?? '')?.[1] ?? null;
  const rest = undo === null ? lines : lines.filter((_line, index) => index !== at);
  return { text: rest.join('\n').trim(), undo };
}
