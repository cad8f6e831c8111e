import type { Session } from '@/api/types';

export type DayGroup = 'today' | 'yesterday' | 'week' | 'month' | 'older';

export interface SessionGroup {
  group: DayGroup;
  sessions: Session[];
}

const DAY_MS = 86_400_000;

/** Groups sessions, newest activity first, by the reader's own calendar days. */
export function groupByDay(sessions: readonly Session[], now: Date): SessionGroup[] {
  const groups: SessionGroup[] = [];
  for (const session of sessions) {
    const group = dayGroup(new Date(session.updated_at), now);
    const last = groups.at(-1);
    if (last?.group === group) last.sessions.push(session);
    else groups.push({ group, sessions: [session] });
  }
  return groups;
}

function dayGroup(date: Date, now: Date): DayGroup {
  // Rounded, since a day of a clock change is not 24 hours long.
  const days = Math.round((startOfDay(now) - startOfDay(date)) / DAY_MS);
  if (days <= 0) return 'today';
  if (days === 1) return 'yesterday';
  if (days < 7) return 'week';
  return days < 30 ? 'month' : 'older';
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
