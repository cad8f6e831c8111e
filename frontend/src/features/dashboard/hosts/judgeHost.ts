/** How a host stands, from what the server says of it. No IO. */
import type { Finding, Host } from '@/api/types';

/** Whether the figures can be relied on now. */
export type Freshness = 'fresh' | 'stale' | 'unknown' | 'unreachable';

export const CONDITIONS = ['unreachable', 'critical', 'warning', 'unknown', 'stale', 'ok'] as const;
/** One word for a card, the worst first. */
export type Condition = (typeof CONDITIONS)[number];

export interface JudgedHost {
  host: Host;
  condition: Condition;
  freshness: Freshness;
  /** Of the figures; null when the host was never read. */
  ageMs: number | null;
}

/** By the server's clock, so that a browser whose clock is wrong tells no wrong ages. */
export interface Judging {
  nowMs: number;
  staleAfterMs: number;
}

export function judgeHost(host: Host, { nowMs, staleAfterMs }: Judging): JudgedHost {
  const ageMs = host.read_at === null ? null : Math.max(0, nowMs - Date.parse(host.read_at));
  const freshness = judgeFreshness(host, ageMs, staleAfterMs);
  return { host, ageMs, freshness, condition: judgeCondition(host, freshness) };
}

/** A host that nobody could look at is never well, whatever it looked like before. */
function judgeFreshness(host: Host, ageMs: number | null, staleAfterMs: number): Freshness {
  if (host.state !== 'read') return host.state;
  if (ageMs === null) return 'unknown';
  return ageMs > staleAfterMs ? 'stale' : 'fresh';
}

function judgeCondition(host: Host, freshness: Freshness): Condition {
  if (freshness === 'unreachable') return 'unreachable';
  if (host.critical > 0) return 'critical';
  if (host.warnings > 0) return 'warning';
  return freshness === 'fresh' ? 'ok' : freshness;
}

/** The worst first, then by name. */
export function sortHosts(hosts: readonly JudgedHost[], language: string): JudgedHost[] {
  const byName = new Intl.Collator(language, { numeric: true });
  return [...hosts].sort(
    (a, b) =>
      CONDITIONS.indexOf(a.condition) - CONDITIONS.indexOf(b.condition) ||
      byName.compare(a.host.name, b.host.name),
  );
}

export function countConditions(hosts: readonly JudgedHost[]): Record<Condition, number> {
  const counts = Object.fromEntries(CONDITIONS.map((condition) => [condition, 0])) as Record<Condition, number>;
  for (const { condition } of hosts) counts[condition] += 1;
  return counts;
}

export type MeterTone = 'critical' | 'warning' | 'ok';

/** Bars have the colour of the finding on what they show: two opinions of one disk would help nobody. */
export function toneOf(findings: readonly Finding[], checks: readonly string[], subject?: string): MeterTone {
  const mine = findings.filter(
    (finding) => checks.includes(finding.check) && (subject === undefined || finding.subject === subject),
  );
  if (mine.some(({ severity }) => severity === 'critical')) return 'critical';
  return mine.length > 0 ? 'warning' : 'ok';
}
