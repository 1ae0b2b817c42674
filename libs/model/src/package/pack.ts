import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { RDF } from './description.ts';
import { readModelPackage } from './read.ts';

/** Zips say local times: this one is written as the same two numbers in every time zone. */
const someDay = (): Date => new Date(2000, 0, 1);

/**
 * A model package as a zip archive, to send it. The files are stored, since weights hardly shrink, and only those that
 * rdf.yaml names are in it; the same package gives the same bytes, whenever and wherever it is packed.
 *
 * @returns the archive's bytes, read as they are asked for; it fails with a ModelError `model/package` when the
 *   directory holds no package that can be read
 * @example
 *     await pipeline(packModelPackage('models/default'), createWriteStream('nano.zip'));
 */
export function packModelPackage(dir: string): Readable {
  return Readable.from(archive(dir), { objectMode: false });
}

async function* archive(dir: string): AsyncGenerator<Buffer> {
  const { dir: root, files } = await readModelPackage(dir);
  const zip = new ZipFile();
  const output = zip.outputStream as Readable; // typed less than the PassThrough that it is
  zip.on('error', (error: Error) => output.destroy(error));
  let reading: Readable | undefined;
  for (const name of [RDF, ...Object.keys(files).toSorted()]) {
    const { size } = await stat(join(root, name));
    const options = { compress: false, forceDosTimestamp: true, mtime: someDay(), mode: 0o100644, size };
    zip.addReadStreamLazy(name, options, (give) => {
      reading = createReadStream(join(root, name));
      reading.on('error', (error) => output.destroy(error));
      give(null, reading);
    });
  }
  zip.end();
  try {
    yield* output as AsyncIterable<Buffer>;
  } finally {
    // who stops reading must not leave a file open
    reading?.destroy();
  }
}
