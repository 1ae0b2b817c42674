import { Readable } from 'node:stream';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import { packModelPackage } from '@tokenunify/model';
import { dataBefore, type Step } from '../context.ts';
import { NightError, nightExitCodes } from '../errors.ts';
import { decide as throughGate } from '../gate.ts';
import { championChanged, isMoved, sayModel } from '../registry.ts';

/** The challenger is in the registry, under that alias, whether or not it will be promoted. */
export const publish: Step<'publish'> = async (context) => {
  const { registry, ask, signal, reporter } = context;
  const { champion } = dataBefore(context.night(), 'champion');
  const { challenger } = dataBefore(context.night(), 'export');
  const { champion: serving } = await ask(() => registry.deployment({ signal }));
  if (serving.digest !== champion.digest) throw championChanged(champion, serving);
  const { dir } = await context.challenger();
  reporter.note(`Uploading ${sayModel(challenger)}.`);
  // a stream can be read once: each attempt packs anew
  const { model, created } = await ask(() =>
    registry.uploadModel(
      // the same class, typed twice
      Readable.toWeb(packModelPackage(dir)) as NodeStream<Uint8Array> as ReadableStream<Uint8Array>,
      { signal },
    ),
  );
  if (model.digest !== challenger.digest)
    throw new NightError(
      `The server took in ${model.digest} when ${challenger.digest} was sent; look into its log, and run the same command again.`,
      { exitCode: nightExitCodes.failed },
    );
  const change = { expected: champion.digest, reason: `night ${context.night().id}`, signal };
  await ask(() => registry.challengeModel(challenger.digest, change)).catch(async (error: unknown) => {
    if (!isMoved(error)) throw error;
    throw championChanged(champion, (await ask(() => registry.deployment({ signal }))).champion);
  });
  return {
    summary: `${sayModel(challenger)} is challenger${created ? '' : ' (it was uploaded already)'}.`,
    data: { created },
  };
};

export const decide: Step<'decide'> = async (context) => {
  const night = context.night();
  const decision = throughGate(night.gate, dataBefore(night, 'evaluate'));
  return { summary: decision.reason, data: decision };
};
