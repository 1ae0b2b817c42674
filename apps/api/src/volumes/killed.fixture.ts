import { join } from 'node:path';
import { createApp } from '../app.ts';
import { openDatabase } from '../database.ts';
import { listen, urlOf } from '../server.ts';
import { FakeSegmenter, registryOf } from '../testing.fixture.ts';
import { createVolumeStore } from './store.ts';

/** A server of volumes as a process of its own, for tests that kill it: prints its address. */
const root = process.argv[2] ?? '.';
const volumes = createVolumeStore({
  db: openDatabase(join(root, 'state.sqlite')),
  directory: join(root, 'volumes'),
  usedBy: () => undefined,
  now: Date.now,
  random: Math.random,
});
await volumes.recover();
const app = createApp({ registry: registryOf(new FakeSegmenter()), volumes });
const server = await listen(app.fetch, '127.0.0.1', 0);
console.log(urlOf(server, '127.0.0.1'));
