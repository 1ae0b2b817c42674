import { describe, expect, it, vi } from 'vitest';
import { outcomeOf } from '../../outcome.ts';
import { createProgram } from '../../program/index.ts';
import { recordingTerminal } from '../../testing.fixture.ts';
import { withChanges } from './options.ts';

async function refusal(args: string): Promise<string> {
  const { terminal, said } = recordingTerminal(false);
  const { signal } = new AbortController();
  const program = createProgram(async ({ json }, run) => {
    expect(await outcomeOf(run, { signal, json, terminal })).toBe(1);
  });
  await program.parseAsync(`segment in.npy out.npy ${args}`.split(' '), { from: 'user' });
  return said.error;
}

describe('options that contradict each other are refused', () => {
  it.each([
    [
      '--api http://host --threads 2',
      '--threads makes no sense with --api: the server decides about its own.',
    ],
    ['--affinities a.npy --api http://host', /^tokenunify: --affinities makes no sense with --api/],
    ['--postprocessing {} --api http://host', /give what differs from the model with --threshold, /],
    ['--keep', '--keep is for a server; name one with --api URL.'],
    ['--api-key k', '--api-key is for a server; name one with --api URL.'],
    ['--patience 5', '--patience is for a server; name one with --api URL.'],
  ])('%s', async (args, message) =>
    expect(await refusal(args)).toMatch(typeof message === 'string' ? `tokenunify: ${message}\n` : message),
  );

  it('but not those that only have a default, and no key from the environment', async () => {
    vi.stubEnv('TOKENUNIFY_API_KEY', 'tu_key');
    expect(await refusal('--api nowhere')).toMatch(/in\.npy does not exist|write it as https/);
    expect(await refusal('--threads 2')).toMatch(/in\.npy/);
    vi.unstubAllEnvs();
  });
});

it('the post-processing of a package is changed field by field', () => {
  const chosen = {
    watershed: { mode: '3d', halo: [8, 8, 8] },
    agglomeration: { scoring: 'mean', threshold: 0.5 },
    minimumSize: 20,
  } as const;
  const none = { overwrite: false, json: false };
  expect(withChanges(chosen, none)).toEqual(chosen);
  expect(withChanges(chosen, { ...none, threshold: 0, minimumSize: 0 })).toEqual({
    ...chosen,
    agglomeration: { scoring: 'mean', threshold: 0 },
    minimumSize: 0,
  });
  expect(withChanges(chosen, { ...none, scoring: 'hist50', cell: [64, 64, 64] })).toEqual({
    ...chosen,
    watershed: { ...chosen.watershed, cell: [64, 64, 64] },
    agglomeration: { scoring: 'hist50', threshold: 0.5 },
  });
});
