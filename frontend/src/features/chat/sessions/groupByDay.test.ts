import { describe, expect, it } from 'vitest';
import type { Session } from '@/api/types';
import { groupByDay } from './groupByDay';

const NOW = new Date(2026, 10, 21, 9, 0);

function sessionAt(date: Date): Session {
  const at = date.toISOString();
  return {
    id: at,
    title: '',
    created_at: at,
    updated_at: at,
    message_count: 1,
    active_run_id: null,
    snippet: null,
  };
}

describe('groupByDay', () => {
  it('goes by calendar days, not by hours', () => {
    const groups = groupByDay(
      [
        sessionAt(new Date(2026, 10, 21, 0, 1)),
        sessionAt(new Date(2026, 10, 20, 23, 59)),
        sessionAt(new Date(2026, 10, 15, 12, 0)),
        sessionAt(new Date(2026, 10, 1, 12, 0)),
        sessionAt(new Date(2026, 0, 1, 12, 0)),
      ],
      NOW,
    );

    expect(groups.map(({ group }) => group)).toEqual([
      'today',
      'yesterday',
      'week',
      'month',
      'older',
    ]);
  });

  it('keeps sessions of one day in one group and order', () => {
    const late = sessionAt(new Date(2026, 10, 21, 8, 0));
    const early = sessionAt(new Date(2026, 10, 21, 7, 0));

    expect(groupByDay([late, early], NOW)).toEqual([{ group: 'today', sessions: [late, early] }]);
  });

  it('gives nothing for no sessions', () => {
    expect(groupByDay([], NOW)).toEqual([]);
  });
});
