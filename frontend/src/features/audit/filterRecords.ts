import type { AuditRecord } from '@/api/types';

/** Among the records that are loaded; the server narrows by action only. */
export function filterRecords(
  records: readonly AuditRecord[],
  { query, actor }: { query: string; actor: string },
): AuditRecord[] {
  const wanted = query.trim().toLowerCase();
  return records.filter(
    (record) =>
      (actor === '' || record.actor === actor) &&
      (wanted === '' || textOf(record).toLowerCase().includes(wanted)),
  );
}

function textOf({ seq, actor, action, subject, details }: AuditRecord): string {
  return `${String(seq)} ${actor} ${action} ${subject} ${JSON.stringify(details)}`;
}
