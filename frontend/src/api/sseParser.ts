export interface ServerSentEvent {
  id: string | null;
  event: string;
  data: string;
}

const LINE_END = /\r\n|\n|\r/;

/**
 * Incremental parser of the text/event-stream format (WHATWG HTML, section 9.2).
 * It accepts LF, CRLF and CR line ends, since proxies and servers differ, and
 * input cut at any character.
 */
export class SseParser {
  private buffer = '';
  private isFirst = true;
  private dataLines: string[] = [];
  private eventName = '';
  private lastId: string | null = null;

  push(chunk: string): ServerSentEvent[] {
    this.buffer += chunk;
    if (this.isFirst && this.buffer !== '') {
      this.buffer = this.buffer.replace(/^\uFEFF/, '');
      this.isFirst = false;
    }
    const found: ServerSentEvent[] = [];
    for (let line = this.takeLine(); line !== null; line = this.takeLine()) {
      const event = this.readLine(line);
      if (event !== null) found.push(event);
    }
    return found;
  }

  private takeLine(): string | null {
    const end = LINE_END.exec(this.buffer);
    if (end === null) return null;
    // A CR at the very end may be half of a CRLF: wait for the next chunk.
    if (end[0] === '\r' && end.index === this.buffer.length - 1) return null;
    const line = this.buffer.slice(0, end.index);
    this.buffer = this.buffer.slice(end.index + end[0].length);
    return line;
  }

  private readLine(line: string): ServerSentEvent | null {
    if (line === '') return this.dispatch();
    if (line.startsWith(':')) return null;
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.dataLines.push(value);
    else if (field === 'event') this.eventName = value;
    else if (field === 'id' && !value.includes('\0')) this.lastId = value;
    return null;
  }

  private dispatch(): ServerSentEvent | null {
    const data = this.dataLines;
    const name = this.eventName;
    this.dataLines = [];
    this.eventName = '';
    if (data.length === 0) return null;
    return { id: this.lastId, event: name || 'message', data: data.join('\n') };
  }
}
