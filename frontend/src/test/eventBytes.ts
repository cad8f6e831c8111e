import type { RunEvent } from '@/api/runEvents';

/** Events as the server writes them on the wire, numbered from `first`. */
export function eventBytes(events: readonly RunEvent[], first = 1): string {
  return events
    .map((event, index) => `id: ${String(first + index)}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('');
}

/** A response whose body is written by the test, chunk by chunk. */
export class OpenStream {
  readonly response: Response;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private isOpen = true;

  constructor(signal?: AbortSignal | null) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.controller = controller;
      },
    });
    this.response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
    signal?.addEventListener('abort', () => {
      this.break();
    });
  }

  write(text: string): void {
    this.controller.enqueue(new TextEncoder().encode(text));
  }

  close(): void {
    if (this.isOpen) this.controller.close();
    this.isOpen = false;
  }

  break(): void {
    if (this.isOpen) this.controller.error(new DOMException('broken', 'AbortError'));
    this.isOpen = false;
  }
}
