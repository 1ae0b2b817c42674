/** Contents of one file of a tar archive (ustar), or undefined when there is none of this name. */
export function fileInTar(archive: Uint8Array, name: string): Uint8Array | undefined {
  const text = (from: number, length: number) =>
    Buffer.from(archive.subarray(from, from + length))
      .toString('latin1')
      .split('\0')[0]!;
  for (let at = 0; at + 512 <= archive.length;) {
    const entry = text(at, 100);
    if (entry === '') return undefined; // blocks of zeros end an archive
    const size = parseInt(text(at + 124, 12), 8);
    if (!Number.isInteger(size) || size < 0) return undefined;
    const [start, prefix] = [at + 512, text(at + 345, 155)];
    const path = (prefix === '' ? entry : `${prefix}/${entry}`).replace(/^\.\//, '');
    if (path === name)
      return start + size <= archive.length ? archive.subarray(start, start + size) : undefined;
    at = start + Math.ceil(size / 512) * 512;
  }
  return undefined;
}
