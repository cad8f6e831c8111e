import { describe, expect, it } from 'vitest';
import { readLogs, readProblems, readTable } from './toolResult';

const COLUMNS = ['namespace', 'name', 'status', 'node', 'problem'].map((key) => ({
  key,
  label: key.toUpperCase(),
}));

describe('readTable', () => {
  it('drops a namespace all rows share and puts the problem beside the status', () => {
    const rows = [['default', 'web', 'Running', 'node-1', 'oom-killed']];

    const table = readTable({ namespace: 'default', columns: COLUMNS, rows });

    expect(table?.columns.map(({ key }) => key)).toEqual(['name', 'status', 'problem', 'node']);
    expect(table?.rows).toEqual([['web', 'Running', 'oom-killed', 'node-1']]);
  });

  it('keeps the namespace when rows come from all', () => {
    const table = readTable({ namespace: null, columns: COLUMNS, rows: [] });

    expect(table?.columns[0]?.key).toBe('namespace');
  });

  it('knows of more rows from the total or the cursor', () => {
    const columns = [{ key: 'a', label: 'A' }];

    expect(readTable({ columns, rows: [[1]], total: 9, shown: 1 })?.hasMore).toBe(true);
    expect(readTable({ columns, rows: [[1]], total: null, next_cursor: 'x' })?.hasMore).toBe(true);
    expect(readTable({ columns, rows: [[1]], total: 1, next_cursor: null })?.hasMore).toBe(false);
  });

  it.each([{}, { columns: [], rows: [] }, { columns: 'x', rows: [] }, { columns: [1], rows: [] }])(
    'takes %j for no table',
    (result) => {
      expect(readTable(result)).toBeNull();
    },
  );

  it('names columns by their key where there is no label', () => {
    const table = readTable({ columns: ['last_seen', { key: 'a' }], rows: [['3m', 1]] });

    expect(table?.columns).toEqual([
      { key: 'last_seen', label: 'LAST SEEN' },
      { key: 'a', label: 'a' },
    ]);
  });

  it('shows cells that are no plain values as JSON', () => {
    const table = readTable({ columns: [{ key: 'a' }], rows: [[{ b: 1 }], 'not a row'] });

    expect(table?.rows).toEqual([['{"b":1}']]);
  });
});

describe('readLogs and readProblems', () => {
  it('read what a server of another make sends without failing', () => {
    expect(readLogs({ lines: 'x' })).toBeNull();
    expect(readLogs({ lines: ['a', 1] })?.lines).toEqual(['a']);
    expect(readProblems({ problems: [null, { cause: 'plain', evidence: 'x' }] })).toEqual([
      {
        condition: '',
        object: '',
        severity: 'warning',
        cause: { en: 'plain', zh: 'plain' },
        evidence: [],
        nextStep: { en: '', zh: '' },
        confidence: null,
      },
    ]);
  });
});
