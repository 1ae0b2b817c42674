/** `node train-once.fixture.ts OPTIONS.json`: one call of trainChallenger in a process that a test can kill. */
import { readFileSync } from 'node:fs';
import { readModelPackage } from '@tokenunify/model';
import type { Annotation, TrainingSettings } from '../types.ts';
import { trainChallenger } from './index.ts';

const { champion, ...options } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as {
  readonly champion: string;
  readonly annotations: readonly Annotation[];
  readonly directory: string;
  readonly training: TrainingSettings;
};
const model = await readModelPackage(champion);
const reporter = {
  progress: ({ done }: { readonly done: number }) => void process.stdout.write(`step ${done}\n`),
  note: () => {},
  result: () => {},
};
const { finished } = await trainChallenger({
  ...options,
  champion: model,
  from: model.checkpointPath!,
  signal: new AbortController().signal,
  reporter,
});
process.exitCode = finished ? 0 : 1;
