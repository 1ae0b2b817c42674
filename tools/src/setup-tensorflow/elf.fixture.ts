/** Libraries made in memory: an ELF header, two segments, and a dynamic section with its names. */
export function elf(needed: readonly string[] = [], runpath?: string): Buffer {
  const names = [...needed, ...(runpath === undefined ? [] : [runpath])];
  const strings = Buffer.from(`\0${names.join('\0')}\0`);
  const at = (index: number) =>
    1 +
    Buffer.byteLength(
      names
        .slice(0, index)
        .map((name) => `${name}\0`)
        .join(''),
    );
  const base = 0x10000; // addresses are not offsets
  const tables = 64 + 2 * 56;
  const entries: [number, number][] = [
    ...needed.map((_, index): [number, number] => [1, at(index)]),
    ...(runpath === undefined ? [] : [[29, at(needed.length)] satisfies [number, number]]),
    [5, base + tables],
    [10, strings.length],
    [0, 0],
    [1, 9999], // what follows the end is not read
  ];
  const dynamic = Buffer.alloc(entries.length * 16);
  entries.forEach(([tag, value], index) => {
    dynamic.writeBigInt64LE(BigInt(tag), index * 16);
    dynamic.writeBigUInt64LE(BigInt(value), index * 16 + 8);
  });
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(2, 56);
  const size = tables + strings.length + dynamic.length;
  return Buffer.concat([
    header,
    segment(1, 0, base, size),
    segment(2, tables + strings.length, base + tables + strings.length, dynamic.length),
    strings,
    dynamic,
  ]);
}

function segment(type: number, offset: number, address: number, size: number): Buffer {
  const entry = Buffer.alloc(56);
  entry.writeUInt32LE(type, 0);
  entry.writeBigUInt64LE(BigInt(offset), 8);
  entry.writeBigUInt64LE(BigInt(address), 16);
  entry.writeBigUInt64LE(BigInt(size), 32);
  return entry;
}
