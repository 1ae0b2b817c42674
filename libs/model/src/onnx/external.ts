/**
 * Which files beside it a .onnx file takes its tensors from, without reading those in it. A model that somebody sends could
 * name any file of this machine, so the answer is compared with what its package holds before anything loads it.
 *
 * The walk knows only where the messages of `onnx.proto` may hold a tensor, and skips every other field by its length. It
 * takes whatever protocol buffers allow (unknown fields, groups, messages in several parts), so that no tensor is missed
 * that a runtime would find.
 */
import { open, type FileHandle } from 'node:fs/promises';

type Message =
  'model' | 'training' | 'function' | 'graph' | 'node' | 'attribute' | 'sparse' | 'tensor' | 'entry';

/** Fields of each message that are messages with tensors in them, by number; `onnx.proto` of ONNX 1.18. */
const children: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
  entry: {},
};

/** Of a subgraph in a subgraph; protocol buffers themselves end at 100 messages. */
const DEEPEST = 100;
const KEY = 1;
const VALUE = 2;
/** File systems end at 4096 bytes, and keys have six. */
const LONGEST_TEXT = 2 ** 16;

/**
 * @returns every `location` of external data, each once, as it stands in the file: not checked, and not resolved. None for a
 *   file that is not a protocol buffer, which no runtime loads either.
 * @throws what the file system throws
 */
export async function externalLocations(path: string): Promise<readonly string[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const found = new Set<string>();
    const window = new Window(file);
    try {
      await walk(window, 'model', [0, size], found);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return [];
    }
    return [...found];
  } finally {
    await file.close();
  }
}

class Malformed extends Error {}

/** Fields from `start` on. @returns where they end: at `end`, or behind the group that `message` 'unknown' stands for */
async function walk(
  window: Window,
  message: Message | 'unknown',
  [start, end]: readonly [number, number],
  found: Set<string>,
  depth = 0,
): Promise<number> {
  if (depth > DEEPEST) throw new Malformed();
  const text: Record<number, string> = {};
  for (let at = start; at < end;) {
    const tag = await window.varint(at, end);
    const [field, wire] = [Math.floor(tag.value / 8), tag.value % 8];
    at = tag.next;
    if (wire === 0) at = (await window.varint(at, end)).next;
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 3) at = await walk(window, 'unknown', [at, end], found, depth + 1);
    else if (wire === 4 && message === 'unknown') return at;
    else if (wire === 2) {
      const length = await window.varint(at, end);
      const range = [length.next, length.next + length.value] as const;
      if (range[1] > end) throw new Malformed();
      const child = message === 'unknown' ? undefined : children[message][field];
      if (child) await walk(window, child, range, found, depth + 1);
      else if (message === 'entry') text[field] = await window.text(...range);
      at = range[1];
    } else throw new Malformed();
    if (at > end) throw new Malformed();
  }
  if (message === 'unknown') throw new Malformed(); // a group that does not end
  if (message === 'entry' && text[KEY] === 'location') found.add(text[VALUE] ?? '');
  return end;
}

/** Small reads of a large file. */
class Window {
  readonly #file: FileHandle;
  readonly #bytes = Buffer.alloc(2 ** 16);
  #start = 0;
  #length = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async varint(at: number, end: number): Promise<{ value: number; next: number }> {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (at + i >= end) throw new Malformed();
      const byte = await this.#byte(at + i);
      value += (byte & 127) * 2 ** (7 * i); // not exact beyond 2^53, where nothing fits into the file
      if (byte < 128) return { value, next: at + i + 1 };
    }
    throw new Malformed();
  }

  async text(from: number, to: number): Promise<string> {
    if (to - from > LONGEST_TEXT) throw new Malformed();
    const bytes = Buffer.alloc(to - from);
    await this.#file.read(bytes, 0, bytes.length, from);
    return bytes.toString('utf8');
  }

  async #byte(at: number): Promise<number> {
    if (at < this.#start || at >= this.#start + this.#length) {
      const { bytesRead } = await this.#file.read(this.#bytes, 0, this.#bytes.length, at);
      if (bytesRead === 0) throw new Malformed();
      [this.#start, this.#length] = [at, bytesRead];
    }
    return this.#bytes[at - this.#start]!; // inside the window
  }
}
