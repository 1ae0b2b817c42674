/** The command is killed at every step, one after the other, and started again: what is there is the same as without. */
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { bench, type Bench } from './command.fixture.ts';
import { expectRefusal, expectSuccess, hadDone, start } from './process.fixture.ts';

const PRELOADED = new URL('./kill-at.fixture.ts', import.meta.url).href;
/** One chunk, and every step. */
const BOX = ['--box', ':8,:8,:8', '--json'];
const ADDRESS = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|\d{20}|-[\da-f]{8}-/g;

/** All files below a path, by their names in it. */
async function contents(own: Bench, name: string): Promise<Map<string, Buffer>> {
  const path = own.at(name);
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!entries) return new Map([['', await readFile(path)]]);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (file) => [file.slice(path.length), await readFile(file)] as const)),
  );
}

it.each([
  ['makes', 'out.npy', []],
  ['replaces', 'out.zarr', ['--overwrite']],
] as const)('while it %s %s', { timeout: 900_000 }, async (_, output, overwrite) => {
  const own = await bench();
  onTestFinished(own.close);
  const [whole, earlier] = [output.replace('out', 'whole'), output.replace('out', 'earlier')];
  expectSuccess(await start(own, whole, BOX).ended, whole);
  expectSuccess(await start(own, earlier, ['--box', ':9,:9,:9']).ended, earlier);
  const expected = await contents(own, whole);
  const options = [...BOX, ...overwrite];
  const moments: string[] = [];
  for (let n = 1; ; n++) {
    if (overwrite.length > 0) await cp(own.at(earlier), own.at(output), { recursive: true });
    const first = await start(own, output, options, `${PRELOADED}?n=${n}`).ended;
    if (first.code !== null) {
      expectSuccess(first, 'killed at no moment');
      break;
    }
    const when = /^killed .*$/m.exec(first.stderr)?.[0] ?? first.stderr;
    moments.push(when.replace(ADDRESS, '*'));
    const done = overwrite.length === 0 && hadDone(own, output);
    // only the end of a process can come after its last step
    expect(done, when).toBe(overwrite.length === 0 && /segment\.lock|at the end/.test(when) && n > 10);
    const second = done ? undefined : await start(own, output, options).ended;
    if (second) expectSuccess(second, when);
    else await expectRefusal(own, output);
    expect((second ?? first).stdout, `the result is told, ${when}`).toContain('"kind":"result"');
    expect(await contents(own, output), when).toEqual(expected);
    expect([own.server.volumes.size, own.server.jobs.size], when).toEqual([0, 0]);
    expect(await own.files(), when).toEqual([earlier, output, 'raw.zarr', whole].sort());
    await rm(own.at(output), { recursive: true });
  }
  // the mechanism itself: it met the steps that matter
  for (const step of [
    /before open .*lock/,
    /after POST .*volumes /,
    /middle of writeFile/,
    /after DELETE/,
    /end/,
  ])
    expect(moments.join('\n')).toMatch(step);
});
