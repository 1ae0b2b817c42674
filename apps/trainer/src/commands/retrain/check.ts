import { existsSync } from 'node:fs';
import { readManifest } from '../../annotations/index.ts';
import { claim, Claimed } from '../../claim.ts';
import type { Reporter } from '../../progress/reporter.ts';
import type { RetrainConfig } from './config.ts';
import { heldOut, toTrainOn } from './context.ts';
import { checkCrops } from './crops.ts';
import { NightError, nightExitCodes } from './errors.ts';
import type { NightDirectory } from './night-directory.ts';
import { createAsk, sayModel, type Registry } from './registry.ts';
import { readReference } from './reference.ts';
import { checkedEntries } from './steps/read.ts';

export interface CheckOptions {
  readonly config: RetrainConfig;
  readonly directory: NightDirectory;
  readonly registry: Registry;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly readManifest?: typeof readManifest;
}

/** What the night would do, in one sentence, and the exit code that it would end with where that is known by now. */
export interface Checked {
  readonly reason: string;
  readonly exitCode: number;
}

/** Reads everything that a night reads at its beginning, and changes nothing. @throws NightError as the night would */
export async function checkNight(options: CheckOptions): Promise<Checked> {
  const { config, directory, registry, reporter, signal } = options;
  await refuseClaimed(directory);
  const open = await directory.open();
  const ask = createAsk({ server: config.server.url, seconds: 0, signal, reporter });
  const { champion } = await ask(() => registry.deployment({ signal }));
  const promoted = open?.promoting?.to;
  if (open && promoted?.digest === champion.digest)
    return would(`go on with night ${open.id}, and test ${sayModel(promoted)} first, which it promoted`);
  await readReference(config, signal);
  const tools = { readManifest: options.readManifest ?? readManifest };
  const entries = await checkedEntries({ config, tools, reporter, signal });
  checkCrops(config, entries);
  if (open) return would(`go on with night ${open.id} after its step ${open.steps.at(-1)?.step ?? 'none'}`);
  const seen = await directory.seen();
  const train = toTrainOn({ annotations: entries });
  const fresh = train.filter(({ key }) => !seen.has(key)).length;
  if (fresh === 0)
    return would(`do nothing, since none of the ${train.length} annotations to train on is new`);
  const { files } = await ask(() => registry.model(champion.digest, { signal }));
  if (!files.some(({ name }) => name.endsWith('.safetensors')))
    throw new NightError(
      `The champion ${sayModel(champion)} has no checkpoint to go on from; export it again with \`tokenunify export\`, upload and promote it.`,
      { exitCode: nightExitCodes.failed },
    );
  return would(
    `train from ${sayModel(champion)} on ${train.length} annotations, ${fresh} of them new, and compare on ${heldOut({ annotations: entries }).length} held out`,
  );
}

const would = (what: string): Checked => ({ reason: `The night would ${what}.`, exitCode: 0 });

async function refuseClaimed(directory: NightDirectory): Promise<void> {
  if (!existsSync(directory.lock)) return;
  try {
    (await claim(directory.lock))();
  } catch (error) {
    if (!(error instanceof Claimed)) throw error;
    throw new NightError(
      `Another night runs in ${directory.path} (${error.holder}); wait for it to end, or stop it.`,
      { exitCode: nightExitCodes.claimed, cause: error },
    );
  }
}
