/** The start of a checkpoint whose tensors are not there yet, and where each of them goes. */
export function countingHeader(tensors: readonly (readonly [name: string, shape: readonly number[]])[]): {
  readonly header: Uint8Array;
  at(name: string): number;
} {
  const starts = new Map<string, number>();
  const entries: Record<string, unknown> = {
    __metadata__: { format: 'tokenunify-checkpoint-1', state: '{}', optimizerStep: '-1' },
  };
  let offset = 0;
  for (const [name, shape] of tensors) {
    const end = offset + 4 * shape.reduce((product, size) => product * size, 1);
    entries[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    starts.set(name, offset);
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(entries));
  const header = Buffer.alloc(8 + text.length);
  header.writeBigUInt64LE(BigInt(text.length));
  text.copy(header, 8);
  return { header, at: (name) => starts.get(name)! };
}
