import { open, type FileHandle } from 'node:fs/promises';

/** What the dynamic section of a library says. */
export interface DynamicSection {
  /** Libraries that are loaded with it. */
  readonly needed: readonly string[];
  /** Where it looks, as written: `$ORIGIN` is its own directory. */
  readonly runpath: readonly string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

/**
 * Reads what a 64-bit little-endian ELF library needs and where it looks; undefined for a file that is none. Only its tables
 * are read, which are kilobytes of libraries of a gigabyte.
 */
export async function readDynamicSection(path: string): Promise<DynamicSection | undefined> {
  const file = await open(path);
  try {
    const header = await bytesAt(file, 0, 64);
    if (header.length < 64 || header.readUInt32BE(0) !== 0x7f454c46 || header.readUInt16BE(4) !== 0x0201)
      return undefined;
    const segments = await readSegments(file, header);
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
    if (dynamic === undefined) return { needed: [], runpath: [] };
    const entries = readEntries(await bytesAt(file, dynamic.offset, dynamic.size));
    const value = (tag: number) => entries.find((entry) => entry.tag === tag)?.value;
    const strings = await bytesAt(
      file,
      offsetOf(value(DT_STRTAB) ?? 0, segments),
      value(DT_STRSZ) ?? 0, // its length
    );
    const text = (at: number) => strings.toString('latin1', at, strings.indexOf(0, at));
    const path = value(DT_RUNPATH) ?? value(DT_RPATH);
    return {
      needed: entries.filter(({ tag }) => tag === DT_NEEDED).map((entry) => text(entry.value)),
      runpath: path === undefined ? [] : [...new Set(text(path).split(':'))].filter((one) => one !== ''),
    };
  } finally {
    await file.close();
  }
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

async function readSegments(file: FileHandle, header: Buffer): Promise<Segment[]> {
  const [start, entry, count] = [
    Number(header.readBigUInt64LE(32)),
    header.readUInt16LE(54),
    header.readUInt16LE(56),
  ];
  const table = await bytesAt(file, start, entry * count);
  return Array.from({ length: Math.floor(table.length / entry) }, (_, index) => ({
    type: table.readUInt32LE(index * entry),
    offset: Number(table.readBigUInt64LE(index * entry + 8)),
    address: Number(table.readBigUInt64LE(index * entry + 16)),
    size: Number(table.readBigUInt64LE(index * entry + 32)),
  }));
}

function readEntries(section: Buffer): { tag: number; value: number }[] {
  const entries = Array.from({ length: Math.floor(section.length / 16) }, (_, index) => ({
    tag: Number(section.readBigInt64LE(index * 16)),
    value: Number(section.readBigUInt64LE(index * 16 + 8)),
  }));
  const end = entries.findIndex(({ tag }) => tag === 0);
  return end < 0 ? entries : entries.slice(0, end);
}

function offsetOf(address: number, segments: readonly Segment[]): number {
  const holder = segments.find(
    (one) => one.type === PT_LOAD && address >= one.address && address < one.address + one.size,
  );
  return holder === undefined ? address : address - holder.address + holder.offset;
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
