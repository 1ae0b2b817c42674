/**
 * `kill -9` of a server in the middle of uploads, promotions, roll backs, retirements and deletions. After the next start
 * the registry is as it was before or as it would be after, the champion serves, and nothing is left on its way.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@tokenunify/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiClient } from '../client/index.ts';
import { affinitiesOf, archiveOf, inRegistry, once, type Archive } from './models.fixture.ts';
import { startProcess, type ServerProcess } from './process.fixture.ts';

const ROUNDS = 25;

let root: string;
let data: string;
let server: ServerProcess | undefined;
let archives: readonly [Archive, Archive, Archive];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'models-kill-'));
  data = join(root, 'data');
  archives = [await archiveOf(root, '1.0.0'), await archiveOf(root, '2.0.0'), await archiveOf(root, '3.0.0')];
}, 120_000);
afterEach(async () => {
  await server?.kill();
  await rm(root, { recursive: true, force: true });
});

const start = async (): Promise<ApiClient> => {
  server = await startProcess('--model', archives[0].dir, '--data', data, '--workers', '1');
  return once(server.url);
};

/** All of a registry that a change changes. */
async function stateOf(api: ApiClient) {
  const versions: Record<string, string> = {};
  for await (const { version, state, bytes } of api.models())
    versions[version] = bytes === 0 ? 'deleted' : state;
  const { champion, previous, history } = await api.deployment();
  return {
    versions,
    champion: champion.version,
    previous: previous?.version,
    changes: history.map(({ kind, to }) => `${kind} ${to?.version}`),
  };
}
type State = Awaited<ReturnType<typeof stateOf>>;

/** Something that is done to version 2 or 3, and how the registry is afterwards. */
interface Act {
  readonly name: string;
  readonly allowed: (state: State, version: string) => boolean;
  readonly run: (api: ApiClient, archive: Archive) => Promise<unknown>;
  readonly after: (state: State, version: string) => Partial<State>;
}
const to = (state: string) => (before: State, version: string) => ({
  versions: { ...before.versions, [version]: state },
});
const acts: readonly Act[] = [
  {
    name: 'upload',
    allowed: ({ versions }, version) => versions[version] !== 'ready',
    run: (api, { zip }) => api.uploadModel(zip),
    after: to('ready'),
  },
  {
    name: 'promote',
    allowed: ({ versions, champion }, version) => versions[version] === 'ready' && champion !== version,
    run: (api, { digest }) => api.promoteModel(digest),
    after: ({ changes }, version) => ({ champion: version, changes: [`promote ${version}`, ...changes] }),
  },
  {
    name: 'roll back',
    allowed: ({ previous }) => previous !== undefined,
    run: (api) => api.rollBack(),
    after: ({ previous = '', changes }) => ({
      champion: previous,
      changes: [`rollback ${previous}`, ...changes],
    }),
  },
  {
    name: 'retire',
    allowed: ({ versions, champion }, version) => versions[version] === 'ready' && champion !== version,
    run: (api, { digest }) => api.retireModel(digest),
    after: to('retired'),
  },
  {
    name: 'delete',
    allowed: ({ versions }, version) => versions[version] === 'retired',
    run: (api, { digest }) => api.deleteModel(digest),
    after: to('deleted'),
  },
];

describe('a registry whose server is killed', () => {
  it(`${ROUNDS} times in the middle of a change is as before or as after it`, async () => {
    const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1e6);
    console.log(`seed ${seed} (FAULT_SEED repeats it)`);
    const random = new Random(seed);
    const one = <T>(of: readonly T[]): T | undefined => of[Math.floor(random.next() * of.length)];
    /** How long each change took at most when it came to its end; a first guess before. */
    const took: Record<string, number> = { upload: 1500, promote: 800, 'roll back': 800 };
    const counts: Record<string, [before: number, after: number]> = {};

    let api = await start();
    await api.uploadModel(archives[1].zip);
    for (let round = 0; round < ROUNDS; round++) {
      const before = await stateOf(api);
      const possible = acts.flatMap((act) =>
        archives
          .slice(1)
          .filter(({ version }) => act.allowed(before, version))
          .map((archive) => ({ act, archive })),
      );
      // the rare ones too
      const name = one([...new Set(possible.map(({ act }) => act.name))]);
      const chosen = one(possible.filter(({ act }) => act.name === name));
      if (chosen === undefined) throw new Error('something can always be done');
      const { act, archive } = chosen;
      const began = performance.now();
      const done = act.run(api, archive).then(
        () => (took[act.name] = Math.max(took[act.name] ?? 0, performance.now() - began)),
        () => {}, // its server was killed
      );
      const delay = random.next() * (took[act.name] ?? 30) * 1.1;
      await new Promise((resolve) => setTimeout(resolve, delay));
      await server?.kill();
      await done;

      api = await start();
      const found = await stateOf(api);
      const after = { ...before, ...act.after(before, archive.version) };
      const changed = JSON.stringify(found.changes) !== JSON.stringify(before.changes);
      const moved = changed || JSON.stringify(found.versions) !== JSON.stringify(before.versions);
      const what = `${act.name} of ${archive.version}, killed after ${delay.toFixed(0)} ms in round ${round}`;
      expect(whole(found), what).toEqual(whole(moved ? after : before));
      console.log(`${what}: as ${moved ? 'after' : 'before'}`);
      const count = (counts[act.name] ??= [0, 0]);
      count[moved ? 1 : 0]++;

      expect(await inRegistry(data, 'uploads'), what).toEqual([]);
      const kept = Object.values(found.versions).filter((state) => state !== 'deleted');
      expect(await inRegistry(data, 'packages'), what).toHaveLength(kept.length);
      const champion = archives.find(({ version }) => version === found.champion);
      expect(await affinitiesOf(api), what).toMatch(new RegExp(`^${champion?.digest} `));
      if (act.name === 'upload') {
        const again = await api.uploadModel(archive.zip);
        expect(again.model.state, what).toBe('ready');
        expect(await affinitiesOf(api, archive.digest), what).toContain(archive.digest);
      }
    }
    console.log(
      Object.entries(counts)
        .map(([name, [before, after]]) => `${name}: ${before} as before, ${after} as after`)
        .join('; '),
    );
  }, 1_800_000);
});

/** Without what follows from the rest. */
const whole = ({ versions, champion, changes }: State) => ({ versions, champion, changes });
