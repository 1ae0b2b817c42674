import type { ModelPackage } from '@tokenunify/model';
import type { Reporter } from '../../progress/reporter.ts';
import type { RetrainConfig } from './config.ts';
import type { NightDirectory } from './night-directory.ts';
import type { Ask, Registry } from './registry.ts';
import type { Annotation, Night, NightSteps, StepData, StepName } from './types.ts';
import type { readManifest } from '../../annotations/index.ts';
import type { SmokeTools } from './smoke.ts';

/** What a night is made of. Tests put others in their place. */
export interface NightTools extends NightSteps, SmokeTools {
  /** Runs the package's own test, as the registry will. @throws ModelError `model/package` when it gives another answer */
  testPackage(
    model: ModelPackage,
    options: { readonly threads?: number | undefined; readonly signal: AbortSignal },
  ): Promise<void>;
  readonly readManifest: typeof readManifest;
}

/** What the steps of one call share. */
export interface Context {
  readonly config: RetrainConfig;
  readonly directory: NightDirectory;
  readonly registry: Registry;
  readonly tools: NightTools;
  readonly reporter: Reporter;
  /** Of the steps before the promotion: heard at the deadline, too. */
  readonly signal: AbortSignal;
  /** Of what must not stop at the deadline: once promoted, a smoke test is owed. */
  readonly userSignal: AbortSignal;
  /** Asks the registry with patience, before the promotion. */
  readonly ask: Ask;
  /** As long as it takes, at the deadline too. */
  readonly askOwed: Ask;
  /** ms since 1970. */
  readonly now: () => number;
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  night(): Night;
  /** Changes the night, on disk before it returns. */
  remember(change: Partial<Night>): Promise<void>;
  /** The champion that the night began with, on this machine. */
  champion(): Promise<ModelPackage>;
  /**
   * What was exported.
   * @param digest that it must have; that of the step's record unless given
   * @throws NightError with the outcome `refused` when it is not that (any more)
   */
  challenger(digest?: string): Promise<ModelPackage>;
}

/** What a step found out, and what it says of it. */
export interface Done<Name extends StepName> {
  readonly summary: string;
  readonly data: StepData[Name];
}

/** Each step, done again after it was killed, changes nothing that it has changed. */
export type Step<Name extends StepName> = (context: Context) => Promise<Done<Name>>;

/** What a step that is done found out. */
export function dataOf<Name extends StepName>(night: Night, name: Name): StepData[Name] | undefined {
  const record = night.steps.find(({ step }) => step === name);
  return record?.data as StepData[Name] | undefined; // of the step of this name
}

/** The same, of a step that must have come before. */
export function dataBefore<Name extends StepName>(night: Night, name: Name): StepData[Name] {
  const data = dataOf(night, name);
  if (data === undefined) throw new Error(`Step ${name} of night ${night.id} was passed over.`);
  return data;
}

export const toTrainOn = ({ annotations }: Pick<Night, 'annotations'>): Annotation[] =>
  annotations.filter(({ split }) => split === 'train');
export const heldOut = ({ annotations }: Pick<Night, 'annotations'>): Annotation[] =>
  annotations.filter(({ split }) => split === 'held-out');
