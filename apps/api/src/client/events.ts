/** Server-sent events of one response. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** One event of this API has a few hundred bytes; a stream that sends more in one is none of ours. */
const MAX_BUFFER = 1_000_000;

/**
 * The events of a stream until it ends. Leaving the loop closes the connection, and so does the signal, even if the
 * fetch that opened the stream does not heed it.
 *
 * @param heard called whenever bytes come, comments that keep the connection alive among them
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  heard: () => void,
  signal: AbortSignal,
): AsyncGenerator<EventSourceMessage, void, void> {
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void ready.push(event), maxBufferSize: MAX_BUFFER });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  const close = () => reader.cancel().catch(() => undefined); // a stream that broke has said so to its reader
  signal.addEventListener('abort', close, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      heard();
      parser.feed(decoder.decode(value, { stream: true }));
      yield* ready.splice(0);
    }
  } finally {
    signal.removeEventListener('abort', close);
    await close();
  }
}
