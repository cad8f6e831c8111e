import { describe, expect, it } from 'vitest';
import { SseParser } from './sseParser';

describe('SseParser', () => {
  it.each(['\n', '\r\n', '\r'])('reads events separated by %j', (end) => {
    const text = ['id: 1', 'data: a', '', 'id: 2', 'data: b', '', ''].join(end) + ' ';

    const events = new SseParser().push(text);

    expect(events).toEqual([
      { id: '1', event: 'message', data: 'a' },
      { id: '2', event: 'message', data: 'b' },
    ]);
  });

  it('reads the same whatever the chunks are', () => {
    const text = ': hello\r\nid: 7\r\nevent: x\r\ndata: 一\r\ndata:二\r\n\r\nid: 8\ndata: {"a": "b: c"}\n\n';

    for (let size = 1; size < text.length; size += 1) {
      const parser = new SseParser();
      const events = [];
      for (let at = 0; at < text.length; at += size) {
        events.push(...parser.push(text.slice(at, at + size)));
      }
      expect(events).toEqual([
        { id: '7', event: 'x', data: '一\n二' },
        { id: '8', event: 'message', data: '{"a": "b: c"}' },
      ]);
    }
  });

  it('ignores heartbeats, a byte order mark and an event cut off at the end', () => {
    expect(new SseParser().push('\uFEFF: ping\n\n: ping\n\nid: 1\ndata: cut')).toEqual([]);
  });
});
