/**
 * Uploads a small volume to a stored volume of the API with zarrita, seals it, reads it back and compares.
 *
 *     node upload-and-read.ts http://127.0.0.1:8787
 */
import { FetchStore, create, get, open, root, set } from 'zarrita';

const server = new URL(process.argv[2] ?? 'http://127.0.0.1:8787');
const key = process.env['TOKENUNIFY_API_KEY'];
const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };

/** What this script reads of the answers; the API's own client, @tokenunify/api/client, has types for all of them. */
interface Volume {
  readonly url: string;
  readonly state: string;
  readonly bytes: number;
  readonly arrays: readonly { readonly chunks: number; readonly chunksOfGrid: number }[];
}
interface Problem {
  readonly code: string;
  readonly detail: string;
}

/** Fetch with the API key; what the server refuses becomes an error that says why. */
async function call(request: Request): Promise<Response> {
  for (const [name, value] of Object.entries(authorization)) request.headers.set(name, value);
  const response = await fetch(request);
  // 404 is how a Zarr reader learns that a chunk holds the fill value, or that there is no document of a name
  if (response.ok || response.status === 404) return response;
  const problem = (await response.json()) as Problem;
  throw new Error(`${request.method} ${request.url}: ${problem.code}: ${problem.detail}`);
}

/** All that zarrita needs to write: a value at a key is one PUT. */
class VolumeStore extends FetchStore {
  constructor(url: URL) {
    // shards are read from their end, which this server can do in one request
    super(url, { fetch: call, useSuffixRequest: true });
  }

  async set(path: `/${string}`, value: Uint8Array<ArrayBuffer>): Promise<void> {
    const response = await call(new Request(this.url + path, { method: 'PUT', body: value }));
    if (!response.ok) throw new Error(`PUT ${path}: the volume is gone.`);
  }
}

async function post(url: URL, body: unknown): Promise<Volume> {
  const headers = { 'content-type': 'application/json' };
  const response = await call(new Request(url, { method: 'POST', headers, body: JSON.stringify(body) }));
  return (await response.json()) as Volume;
}

// 1. A place for the volume. Its url is the root of a Zarr hierarchy.
const volume = await post(new URL('/v1/volumes', server), { name: 'zarrita example' });
const url = new URL(volume.url, server);
console.log(`made     ${url}`);

// 2. Write it as any Zarr array: sections, rows, columns.
const shape = [32, 64, 64];
const data = Uint8Array.from({ length: 32 * 64 * 64 }, (_, i) => (i * 7 + (i >> 8)) % 255);
const store = new VolumeStore(url);
const array = await create(root(store), { shape, chunkShape: [16, 32, 32], dtype: 'uint8' });
await set(array, null, { data, shape, stride: [64 * 64, 64, 1] });

// 3. Sealed, it can be segmented and never changes; a chunk that was lost on the way is noticed here.
const sealed = await post(new URL(`${url}/seal`), {});
const [stored] = sealed.arrays;
console.log(`${sealed.state}   ${stored?.chunks} of ${stored?.chunksOfGrid} chunks, ${sealed.bytes} bytes`);

// 4. Read it back.
const read = await get(await open(new VolumeStore(url), { kind: 'array' }), null);
if (!(read.data instanceof Uint8Array)) throw new Error('The array that came back is of another type.');
const same = Buffer.compare(read.data, data) === 0;
console.log(`read     ${read.shape.join(' x ')}, ${same ? 'identical' : 'DIFFERENT'}`);
process.exitCode = same ? 0 : 1;
