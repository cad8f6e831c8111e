import { describe, expect, it } from 'vitest';
import { readPreview, splitUndo } from './readPreview';

describe('readPreview', () => {
  it('compares two states field by field', () => {
    const { changes } = readPreview({ before: { image: 'web:1', replicas: 3 }, after: { image: 'web:2', replicas: 3 } });

    expect(changes).toEqual([{ field: 'image', before: 'web:1', after: 'web:2' }]);
  });

  it('reads a list of changes, also of what is new or goes', () => {
    const { changes } = readPreview({
      changes: [{ path: 'spec.replicas', before: 1, after: null }, { field: 'labels', after: { a: 'b' } }],
    });

    expect(changes).toEqual([
      { field: 'spec.replicas', before: '1', after: null },
      { field: 'labels', before: null, after: '{"a":"b"}' },
    ]);
  });

  it('names pods and tells whether a dry run went well', () => {
    const preview = readPreview({ pods: ['web-1', { name: 'web-2' }, 7], dry_run: { ok: false, message: 'quota' } });

    expect(preview.pods).toEqual(['web-1', 'web-2']);
    expect(preview.dryRun).toEqual({ isOk: false, text: 'quota' });
  });

  it('keeps what it has no name for, and is empty for an empty preview', () => {
    expect(readPreview({ kind: 'x', budget: { headroom: 1 } }).other).toEqual({ budget: { headroom: 1 } });
    expect(readPreview({})).toMatchObject({ changes: [], pods: [], dryRun: null, undo: null, other: {} });
  });
});

describe('splitUndo', () => {
  it('takes the way back out of the text', () => {
    expect(splitUndo(['Two pods.', 'Undo: scale x', 'Valid now.'])).toEqual({
      text: 'Two pods.\nValid now.',
      undo: 'scale x',
    });
    expect(splitUndo(['Two pods.'])).toEqual({ text: 'Two pods.', undo: null });
  });
});

describe('readPreview of a whole change', () => {
  it('reads sentences in both languages, or in one', () => {
    const preview = readPreview({
      title: { en: 'Restart web?', zh: '重启 web？' },
      warnings: [{ en: 'All at once.', zh: '全部同时。' }, 'plain', 7, {}],
      effects: [],
      no_undo: 'gone',
    });

    expect(preview.title).toEqual({ en: 'Restart web?', zh: '重启 web？' });
    expect(preview.warnings).toEqual([
      { en: 'All at once.', zh: '全部同时。' },
      { en: 'plain', zh: 'plain' },
    ]);
    expect(preview.noUndo).toEqual({ en: 'gone', zh: 'gone' });
    expect(preview.other).toEqual({});
  });

  it('reads several objects with their own changes', () => {
    const { objects } = readPreview({
      objects: [{ object: 'ConfigMap/default/a', action: 'create', changes: [{ field: 'data.x', after: '1' }] }, 'odd'],
    });

    expect(objects).toEqual([
      { object: 'ConfigMap/default/a', action: 'create', changes: [{ field: 'data.x', before: null, after: '1' }] },
    ]);
  });

  it('takes only risks it knows, so that a server cannot call a change a look', () => {
    expect(readPreview({ risk: 'destructive' }).risk).toBe('destructive');
    expect(readPreview({ risk: 'read' }).risk).toBeNull();
    expect(readPreview({ risk: 'harmless' }).risk).toBeNull();
  });

  it('counts pods beyond those that are named', () => {
    expect(readPreview({ pods: ['a', 'b'], pods_total: 40 })).toMatchObject({ pods: ['a', 'b'], podsTotal: 40 });
    expect(readPreview({ pods: ['a', 'b'] }).podsTotal).toBe(2);
  });
});
