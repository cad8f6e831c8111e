/**
 * What a tool server tells about a change before it is made. Servers differ, so
 * every part is optional, and what has no known name is kept as it is.
 */
import { isObject, type JsonObject } from '@/components/data/toolResult';

export interface PreviewChange {
  field: string;
  before: string | null;
  after: string | null;
}

export interface Preview {
  kind: string | null;
  object: string | null;
  changes: PreviewChange[];
  pods: string[];
  /** How many pods more or fewer there will be. */
  podDifference: number | null;
  dryRun: { isOk: boolean | null; text: string } | null;
  undo: string | null;
  warnings: string[];
  other: JsonObject;
}

const KNOWN = new Set(['kind', 'object', 'changes', 'before', 'after', 'pods', 'dry_run', 'undo', 'warnings']);

export function readPreview(preview: JsonObject): Preview {
  const { kind, object, pods } = preview;
  return {
    kind: show(kind),
    object: show(object),
    changes: readChanges(preview),
    pods: readPods(pods),
    podDifference: typeof pods === 'number' ? pods : null,
    dryRun: readDryRun(preview['dry_run']),
    undo: typeof preview['undo'] === 'string' ? preview['undo'] : null,
    warnings: readTexts(preview['warnings']),
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

function readPods(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .map((pod: unknown) => (isObject(pod) ? pod['name'] : pod))
    .filter((name) => typeof name === 'string');
}

function readDryRun(value: unknown): Preview['dryRun'] {
  if (value === 'ok') return { isOk: true, text: '' };
  if (typeof value === 'string' && value !== '') return { isOk: null, text: value };
  if (!isObject(value)) return null;
  const { ok, message, result } = value;
  const text = show(message ?? result) ?? '';
  return { isOk: typeof ok === 'boolean' ? ok : null, text };
}

function readTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((line) => typeof line === 'string') : [];
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
