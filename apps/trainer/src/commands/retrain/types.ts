/**
 * What the steps of a night share. Each is a function of its parameters: a test can put another in its place, and break it.
 */
import type { Box, Vec3 } from '@tokenunify/em-io';
import type { EngineChoice, ModelPackage } from '@tokenunify/model';
import type { Annotation } from '../../annotations/types.ts';
import type { Reporter } from '../../progress/reporter.ts';

export type { Annotation } from '../../annotations/types.ts';

/** A version of a model, as the registry names it. */
export interface ModelName {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
}

/** How the challenger is trained; `training` of the configuration, with everything filled in. */
export interface TrainingSettings {
  readonly steps: number;
  /** Peak learning rate. */
  readonly rate: number;
  /** Voxels of a crop, (z, y, x). */
  readonly crop: Vec3;
  /** Crops a step. */
  readonly batch: number;
  readonly checkpointEvery: number;
  /** Whether z may be swapped with y and x when augmenting. */
  readonly isotropic: boolean;
  /** Whether boundaries are two voxels wide in the targets. */
  readonly erode: boolean;
  readonly engine: EngineChoice;
  /** Everything random follows from it. */
  readonly seed: number;
}

export interface StepContext {
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

export interface TrainChallenger extends StepContext {
  /** To train on. */
  readonly annotations: readonly Annotation[];
  /** The champion's checkpoint: weights to go on from. */
  readonly from: string;
  /** A run directory. One that holds a run of the same settings is gone on with; a finished one is answered at once. */
  readonly directory: string;
  readonly training: TrainingSettings;
  readonly champion: ModelPackage;
}

export interface TrainedChallenger {
  readonly checkpoint: string;
  /** False when the signal ended it; it can be gone on with. */
  readonly finished: boolean;
}

export interface ExportChallenger extends StepContext {
  readonly checkpoint: string;
  /** Where the package goes. What an earlier call left there is replaced; the same input gives the same digest. */
  readonly directory: string;
  readonly name: string;
  readonly version: string;
  /** ISO 8601 with a zone. */
  readonly timestamp: string;
  /** The challenger has its tiles, voxel size, licence and post-processing, so that both are compared alike. */
  readonly champion: ModelPackage;
  readonly annotations: readonly Annotation[];
  readonly training: TrainingSettings;
}

export interface CompareModels extends StepContext {
  readonly champion: ModelPackage;
  readonly challenger: ModelPackage;
  /** Held out from every training. */
  readonly annotations: readonly Annotation[];
  /** Of inference; as many as the machine has unless given. */
  readonly threads?: number;
  /** A directory for the labels of boxes that are done: a comparison that was ended goes on from there. Gone at its end. */
  readonly cache?: string;
}

/** Against the truth of one box, or of all: VOI in bits, adapted Rand error as scikit-image has it; truth 0 is ignored. */
export interface Score {
  readonly voi: number;
  readonly voiSplit: number;
  readonly voiMerge: number;
  /** `null` where it is undefined: the truth has no pair of voxels in one neuron. */
  readonly adaptedRand: number | null;
}

/** Something of both models. */
export interface Both<T> {
  readonly champion: T;
  readonly challenger: T;
}

export interface ComparedBox extends Both<Score> {
  /** Key of the annotation. */
  readonly annotation: string;
  /** Its raw volume. */
  readonly source: string;
  readonly box: Box;
  /** Of the box. */
  readonly voxels: number;
}

/** A neuron of the truth, and bits of VOI that each model loses in it. */
export interface WorstNeuron extends Both<{ readonly split: number; readonly merge: number }> {
  readonly annotation: string;
  readonly source: string;
  readonly box: Box;
  /** Id in the labels of the annotation. */
  readonly neuron: number;
  readonly voxels: number;
  /** A voxel of it, in the volume: in the middle of the picture. */
  readonly at?: Vec3;
  /** Across which axis the picture cuts, at its largest section: 0 = z, 1 = y, 2 = x. */
  readonly axis?: 0 | 1 | 2;
  /** PNG, base64: raw, truth, champion and challenger beside each other. */
  readonly picture?: string;
}

/** Speed of the challenger in units of the champion's. */
export interface SpeedRatio {
  /** Of the cheapest runs of both: the quotient of their speeds. */
  readonly best: number;
  /** Whether runs were compared by the processor time they took, which others on the machine do not change, or by the clock. */
  readonly by: 'processor' | 'clock';
  /** Of one round after the other: half of the rounds lie between both. How noisy the machine was. */
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly rounds: number;
}

/** Champion and challenger on the same voxels, in the same tiles, with the same post-processing. Plain JSON. */
export interface Comparison {
  readonly boxes: readonly ComparedBox[];
  /** Over all boxes together: what the gate reads. */
  readonly pooled: Both<Score>;
  /** Megavoxels a second, measured in turns: of the champion's fastest run, and that times `speedRatio.best`. */
  readonly speed: Both<number>;
  readonly speedRatio?: SpeedRatio;
  /** Ten of each model, and the ten that changed most; worst of the challenger first. */
  readonly worst: readonly WorstNeuron[];
}

/** Metrics that can decide. `voi` and `adaptedRand`: lower is better. `speed`: higher. */
export const gateMetrics = ['voi', 'adaptedRand', 'speed'] as const;
export type GateMetric = (typeof gateMetrics)[number];

/** The least relative improvement that each named metric must have; negative: how much worse it may be. */
export type Gate = { readonly [metric in GateMetric]?: { readonly margin: number } | undefined };

/** What one metric says. */
export interface Verdict {
  readonly metric: GateMetric;
  readonly champion: number | null;
  readonly challenger: number | null;
  /** Relative, positive is better; `null` when it cannot be told, which never promotes. */
  readonly improvement: number | null;
  readonly margin: number;
  readonly passed: boolean;
  /** One sentence. */
  readonly reason: string;
}

export interface Decision {
  readonly promote: boolean;
  readonly verdicts: readonly Verdict[];
  /** One sentence. */
  readonly reason: string;
}

/** The reference volume, segmented by the server with the version that was just promoted. */
export interface SmokeResult {
  readonly passed: boolean;
  /** Why not, in one sentence. */
  readonly reason: string;
  /** Digest that the answer carries. */
  readonly model?: string;
  /** Of the answer's labels against the stored expected ones, bits. */
  readonly voi?: number;
  readonly maximumVoi: number;
  /**
   * Whether the labels are, byte by byte, what the package gives on this machine. Only told: kernels of other processors
   * round otherwise.
   */
  readonly sameAsHere?: boolean;
  readonly seconds?: number;
}

/** What each step finds out. Plain JSON: it is kept in night.json. */
export interface StepData {
  readonly read: { readonly train: number; readonly heldOut: number; readonly fresh: number };
  readonly champion: { readonly champion: ModelName; readonly challenger: { name: string; version: string } };
  readonly train: { readonly checkpoint: string };
  readonly export: { readonly challenger: ModelName };
  readonly evaluate: { readonly pooled: Both<Score>; readonly speed: Both<number> };
  readonly publish: { readonly created: boolean };
  readonly decide: Decision;
  readonly promote: { readonly from: ModelName; readonly to: ModelName };
  readonly smoke: SmokeResult;
  readonly 'roll-back': {
    readonly champion: ModelName;
    /** Why the old champion was not seen to answer. */
    readonly unanswered?: string;
  };
}

/** In this order. */
export const stepNames = [
  'read',
  'champion',
  'train',
  'export',
  'evaluate',
  'publish',
  'decide',
  'promote',
  'smoke',
  'roll-back',
] as const satisfies readonly (keyof StepData)[];
export type StepName = (typeof stepNames)[number];

/** A step that is done. */
export type StepRecord<Name extends StepName = StepName> = {
  readonly [N in Name]: {
    readonly step: N;
    /** When it was done, ISO 8601. */
    readonly at: string;
    readonly seconds: number;
    /** One sentence. */
    readonly summary: string;
    readonly data: StepData[N];
  };
}[Name];

/**
 * How a night ends, or why this call of it did. `refused`: the export's check or the registry refused the challenger.
 * `failed` may be gone on with (see `resumable`), `deadline` always.
 */
export const outcomes = [
  'promoted',
  'kept',
  'nothing-new',
  'refused',
  'rolled-back',
  'failed',
  'deadline',
] as const;
export type Outcome = (typeof outcomes)[number];

/** night.json: what was decided when the night began, and what is done. */
export interface Night {
  /** Of this file. */
  readonly version: 1;
  /** `2026-11-24-1`: its directory's name. */
  readonly id: string;
  /** ISO 8601; the timestamp of the package, too. */
  readonly startedAt: string;
  /** Of the program. */
  readonly software: string;
  /** Of all settings that decide what comes out. */
  readonly fingerprint: string;
  readonly server: string;
  readonly training: TrainingSettings;
  readonly gate: Gate;
  /** Those to train on, and those held out; empty until the manifest was read. */
  readonly annotations: readonly Annotation[];
  /** Keys of annotations to train on that no earlier night has used. */
  readonly fresh: readonly string[];
  readonly steps: readonly StepRecord[];
  /** Written before the registry is asked to promote: from here on, a smoke test is owed. */
  readonly promoting?: { readonly from: ModelName; readonly to: ModelName } | undefined;
  /** Once it has ended; it is not gone on with. */
  readonly end?:
    { readonly outcome: Outcome; readonly reason: string; readonly exitCode: number } | undefined;
}

/** What is told in the morning. Plain JSON. */
export interface NightReport {
  readonly night: string;
  readonly outcome: Outcome;
  /** One sentence: why. */
  readonly reason: string;
  readonly exitCode: number;
  /** The same command goes on from here. */
  readonly resumable: boolean;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Of work, in all calls. */
  readonly seconds: number;
  readonly software: string;
  readonly server: string;
  /** Who was champion when the night began, and what was trained from it. */
  readonly champion?: ModelName;
  readonly challenger?: ModelName;
  /** Who is champion now, as far as this night knows. */
  readonly serving?: ModelName;
  readonly annotations: {
    readonly train: readonly Annotation[];
    readonly heldOut: readonly Annotation[];
    /** Keys that no earlier night has used. */
    readonly fresh: readonly string[];
  };
  readonly training: TrainingSettings;
  readonly gate: Gate;
  readonly comparison?: Comparison;
  readonly decision?: Decision;
  readonly smoke?: SmokeResult;
  readonly steps: readonly StepRecord[];
  /** What was noted on the way, sentences. */
  readonly notes: readonly string[];
}

/** The steps that others make; see `train/`, `evaluate/` and `report/`. */
export interface NightSteps {
  trainChallenger(options: TrainChallenger): Promise<TrainedChallenger>;
  exportChallenger(options: ExportChallenger): Promise<ModelPackage>;
  compareModels(options: CompareModels): Promise<Comparison>;
  /** Writes report.json and report.html into the directory; returns their paths. Written again, they are replaced. */
  writeReport(
    directory: string,
    report: NightReport,
  ): Promise<{ readonly json: string; readonly html: string }>;
}
