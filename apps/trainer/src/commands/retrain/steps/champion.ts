import { isApiError } from '@tokenunify/api/client';
import type { Context, Step } from '../context.ts';
import { fetchChampion } from '../download.ts';
import { messageOf, NightError, nightExitCodes, wrong } from '../errors.ts';
import { createAsk, problemOf, sayModel, type Registry } from '../registry.ts';
import { readReference } from '../reference.ts';
import { askChampion } from '../smoke.ts';
import { trainablePreset } from '../train/settings.ts';
import type { ModelName } from '../types.ts';

/** A registry that does not answer now will not answer in the morning: nothing is trained for it. */
const FIRST_PATIENCE = 30;

/** Who is champion, its package on this machine, and a version for what is trained from it. */
export const champion: Step<'champion'> = async (context) => {
  const { config, registry, signal } = context;
  const ask = createAsk({
    ...askOptions(context),
    seconds: Math.min(FIRST_PATIENCE, config.server.patienceSeconds),
  });
  const { champion: found } = await ask(() => registry.deployment({ signal }));
  const model = await fetchChampion(context, found);
  if (model.checkpointPath === undefined)
    throw new NightError(
      `The champion ${sayModel(found)} has no checkpoint to go on from; export it again with \`tokenunify export\`, upload and promote it.`,
      { exitCode: nightExitCodes.failed },
    );
  try {
    trainablePreset(model, config.training.crop);
  } catch (error) {
    throw wrong(
      `${config.file}: training.crop is [${config.training.crop.join(', ')}], which cannot be trained on from the champion: ${messageOf(error)}`,
      error,
    );
  }
  await tryReference(context);
  const name = config.name ?? found.name;
  const version = await freeVersion(
    registry,
    { name, champion: found, day: context.night().id, signal },
    ask,
  );
  return {
    summary: `The champion is ${sayModel(found)}; the challenger will be ${name} ${version}.`,
    data: {
      champion: { digest: found.digest, name: found.name, version: found.version },
      challenger: { name, version },
    },
  };
};

const askOptions = ({ config, signal, reporter, sleep, now }: Context) => ({
  ...{ server: config.server.url, signal, reporter, sleep, now },
});

/** The champion must be able to do what its successor will be judged by: a volume that is too large is found now. */
async function tryReference(context: Context): Promise<void> {
  const { config, registry, reporter, signal } = context;
  const { smokeTest: settings } = config;
  const reference = await readReference(config, signal);
  try {
    const { voi } = await askChampion({ ...askOptions(context), registry, reference, settings });
    if (!(voi <= settings.maximumVoi))
      reporter.note(
        `The champion itself segments the reference volume with a VOI of ${voi.toFixed(4)}, the limit is ${settings.maximumVoi} (smokeTest.maximumVoi); a successor must do better or is rolled back.`,
      );
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof NightError ? error.cause : error;
    if (isApiError(cause) && cause.status < 500 && ![401, 403].includes(cause.status))
      throw wrong(
        `${config.file}: the server does not take smokeTest.raw ${settings.raw} (${cause.message}); name another reference volume.`,
        error,
      );
    throw problemOf(error, config.server.url);
  }
}

interface Wanted {
  readonly name: string;
  readonly champion: ModelName;
  /** `2026-11-24-1`: of the night. */
  readonly day: string;
  readonly signal: AbortSignal;
}

/** `0.1.2026112401`: later nights have higher versions, and a version says of which night it is. */
async function freeVersion(
  registry: Registry,
  { name, champion: from, day, signal }: Wanted,
  ask: <T>(attempt: () => Promise<T>) => Promise<T>,
): Promise<string> {
  const taken = await ask(async () => {
    const versions = new Set<string>();
    for await (const model of registry.models({ signal }))
      if (model.name === name) versions.add(model.version);
    return versions;
  });
  const [, major = '0', minor = '1'] = /^(\d+)\.(\d+)\./.exec(from.version) ?? [];
  const [date = '', count = '1'] = [day.slice(0, 10).replaceAll('-', ''), day.slice(11)];
  for (let n = Number(count); ; n++) {
    const version = `${major}.${minor}.${date}${String(n).padStart(2, '0')}`;
    if (!taken.has(version)) return version;
  }
}
