/** The promotion and what is owed after it. None of this stops at the deadline. */
import { dataBefore, type Context, type Step } from '../context.ts';
import { isFullDisk, messageOf, NightError, nightExitCodes, withResumable } from '../errors.ts';
import { championChanged, isMoved, sayModel } from '../registry.ts';
import { readReference, type Reference } from '../reference.ts';
import { askChampion, smokeTest } from '../smoke.ts';
import type { ModelName, SmokeResult } from '../types.ts';

export const promote: Step<'promote'> = async (context) => {
  const { registry, askOwed, userSignal: signal } = context;
  const night = context.night();
  const { champion: from } = dataBefore(night, 'champion');
  const { challenger: to } = dataBefore(night, 'export');
  const again = night.promoting !== undefined;
  // before the server is asked: whoever goes on after a kill knows that a smoke test may be owed
  if (!again) await context.remember({ promoting: { from, to } });
  const deployment = () =>
    askOwed(() => registry.deployment({ signal })).catch((error: unknown) => {
      // whether it was promoted is not known: who goes on looks first
      throw error instanceof NightError ? withResumable(error, true) : error;
    });
  const { champion: before, history } = await deployment();
  if (before.digest !== to.digest) {
    if (before.digest !== from.digest) throw championChanged(from, before);
    if (again && history.some(({ alias, from: left }) => alias === 'champion' && left?.digest === to.digest))
      throw new NightError(
        `${sayModel(to)} was promoted by this night and rolled back before the night could say so, so it is not promoted again; see the history at /v1/deployment.`,
        { exitCode: nightExitCodes.rolledBack, outcome: 'rolled-back', settled: true, serving: before },
      );
    const reason = `night ${night.id}: ${dataBefore(night, 'decide').reason}`.slice(0, 1000);
    const change = { expected: from.digest, reason, signal };
    await askOwed(() => registry.promoteModel(to.digest, change)).catch(async (error: unknown) => {
      signal.throwIfAborted();
      // an answer that was lost is no promotion that was not done
      const { champion: now } = await deployment();
      if (now.digest === from.digest) throw error;
      if (now.digest !== to.digest) throw championChanged(from, now);
    });
  }
  return { summary: `${sayModel(to)} is champion instead of ${sayModel(from)}.`, data: { from, to } };
};

export const smoke: Step<'smoke'> = async (context) => {
  const { config, registry, reporter, userSignal: signal } = context;
  const { to } = dataBefore(context.night(), 'promote');
  // a reference that cannot be read any more is no reason to keep what nobody tested
  const reference = await readReference(config, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return messageOf(error);
  });
  const { maximumVoi } = config.smokeTest;
  const { labels, ...result }: SmokeResult & { labels?: Uint32Array } =
    typeof reference === 'string'
      ? { passed: false, reason: reference, maximumVoi }
      : await smokeTest({
          ...{ registry, reference, reporter, signal, sleep: context.sleep, now: context.now },
          ...{ server: config.server.url, settings: config.smokeTest, digest: to.digest },
        });
  if (result.model !== undefined && result.model !== to.digest) await refuseOthers(context, to);
  const same =
    labels && typeof reference !== 'string' ? await sameAsHere(context, reference, labels) : undefined;
  return { summary: result.reason, data: { ...result, ...(same !== undefined && { sameAsHere: same }) } };
};

/** Somebody else has promoted meanwhile: what serves now is theirs, and not rolled back. */
async function refuseOthers(
  { registry, askOwed, userSignal: signal }: Context,
  to: ModelName,
): Promise<void> {
  const { champion } = await askOwed(() => registry.deployment({ signal }));
  if (champion.digest !== to.digest) throw overtaken(to, champion);
}

const overtaken = (to: ModelName, champion: ModelName): NightError =>
  new NightError(
    `${sayModel(to)} was promoted, but ${sayModel(champion)} is champion by now, so nothing was rolled back; see the history at /v1/deployment.`,
    { exitCode: nightExitCodes.failed, settled: true, serving: champion },
  );

/** Only told: other processors round otherwise. */
async function sameAsHere(
  context: Context,
  reference: Reference,
  labels: Uint32Array,
): Promise<boolean | undefined> {
  const { config, tools, reporter, userSignal: signal } = context;
  const { threads } = config;
  try {
    const model = await context.challenger();
    const silent = { ...reporter, progress: () => undefined };
    const here = await tools.segmentHere(model, reference.raw, { threads, signal, reporter: silent });
    const same = Buffer.from(here.buffer, here.byteOffset, here.byteLength).equals(
      Buffer.from(labels.buffer, labels.byteOffset, labels.byteLength),
    );
    if (!same)
      reporter.note(
        'The labels of the server differ from those of this machine; that is expected where their processors or providers differ.',
      );
    return same;
  } catch (error) {
    signal.throwIfAborted();
    reporter.note(`The labels of the server were not compared with this machine's: ${messageOf(error)}`);
    return undefined;
  }
}

export const rollBack: Step<'roll-back'> = async (context) => {
  const { registry, askOwed, userSignal: signal } = context;
  const night = context.night();
  const { from, to } = dataBefore(night, 'promote');
  const serving = () => askOwed(() => registry.deployment({ signal }));
  const deployed = await serving();
  if (deployed.champion.digest !== from.digest) {
    if (deployed.champion.digest !== to.digest) throw overtaken(to, deployed.champion);
    const reason = `night ${night.id}: ${dataBefore(night, 'smoke').reason}`.slice(0, 1000);
    const change = { expected: to.digest, reason, signal };
    // what a roll back leads to is the server's history, which may have been another's meanwhile
    const back =
      deployed.previous?.digest === from.digest
        ? () => registry.rollBack(change)
        : () => registry.promoteModel(from.digest, change);
    await askOwed(back).catch((error: unknown) => {
      if (!isMoved(error)) throw error; // else the look below tells
    });
    const { champion: now } = await serving();
    if (now.digest !== from.digest) throw overtaken(to, now);
  }
  const unanswered = await oldChampionAnswers(context, from);
  return {
    summary: `Rolled back: ${sayModel(from)} is champion again${unanswered === undefined ? ' and answers' : `, but ${unanswered}`}.`,
    data: { champion: from, ...(unanswered !== undefined && { unanswered }) },
  };
};

/** @returns why it does not, undefined when it does */
async function oldChampionAnswers(context: Context, from: ModelName): Promise<string | undefined> {
  const { config, registry, reporter, userSignal: signal, sleep, now } = context;
  try {
    const reference = await readReference(config, signal);
    const { model } = await askChampion({
      ...{ registry, reference, reporter, signal, sleep, now },
      ...{ server: config.server.url, settings: config.smokeTest },
    });
    return model === from.digest ? undefined : `${model} answered the reference volume`;
  } catch (error) {
    signal.throwIfAborted();
    if (isFullDisk(error)) throw error;
    return `it was not seen to answer: ${messageOf(error)}`;
  }
}
