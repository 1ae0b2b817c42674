import type { z } from '@hono/zod-openapi';
import type { ModelPackage } from '@tokenunify/model';
import type {
  ALIASES,
  aliasChangeRequestSchema,
  comparisonListSchema,
  comparisonSchema,
  deploymentChangeSchema,
  deploymentSchema,
  MODEL_STATES,
  modelListSchema,
  modelVersionSchema,
} from '../contract/index.ts';
import type { ModelSummary, Segmenter } from '../segmenter/types.ts';
import type { Predictor } from '../segmentations/task-thread.ts';
import type { Page } from '../volumes/types.ts';

export type Alias = (typeof ALIASES)[number];
export type ModelState = (typeof MODEL_STATES)[number];
export type ModelVersionJson = z.infer<typeof modelVersionSchema>;
export type ModelVersionPage = z.infer<typeof modelListSchema>;
export type AliasChangeRequest = z.infer<typeof aliasChangeRequestSchema>;
export type DeploymentJson = z.infer<typeof deploymentSchema>;
export type DeploymentChange = z.infer<typeof deploymentChangeSchema>;
export type ComparisonJson = z.infer<typeof comparisonSchema>;
export type ComparisonPage = z.infer<typeof comparisonListSchema>;

/** Who changes something, for the history: id of the API key, `anonymous`, or `server`. */
export interface Author {
  readonly by: string;
}

/** A version that is loaded, and stays so until it is released. */
export interface Lease {
  readonly package: ModelPackage;
  /** Its inference process, warm. */
  readonly inference: Predictor;
  /** Segments small volumes with it. */
  readonly segmenter: Segmenter;
  /** Doing so twice changes nothing. */
  release(): void;
}

/** The version that a request or a new job gets. */
export interface Chosen {
  readonly package: ModelPackage;
  /** The alias that it was chosen by; absent for a pinned version. */
  readonly alias?: Alias;
}

/** What single requests need of a registry. */
export interface RequestModels {
  resolve(reference: string): { readonly package: ModelSummary };
  acquire(
    reference: string,
    signal: AbortSignal,
  ): Promise<{ readonly package: ModelSummary; readonly segmenter: Segmenter; release(): void }>;
}

/**
 * The versions of a server and their aliases. Everything throws ApiProblem. A reference is a digest, an alias, or a name
 * that only one version that is ready has (the champion's own name is the champion).
 */
export interface ModelRegistry {
  /**
   * Takes in a package: unpacked, its digests verified, its process started, its test tile run, and only then there.
   * A package that is there already is answered as it is; a retired one is ready again.
   *
   * @param archive a zip of a model package, to be read to its end or canceled; it fails with ApiProblem when its sender does
   * @param options `length`: bytes, as the request says, to be refused before the first when that is too many
   * @throws what `archive` fails with, as it is; `package-invalid`, `model-failed-test`, `version-taken`, `body-too-large`, `insufficient-storage`
   */
  upload(
    archive: ReadableStream<Uint8Array>,
    options: Author & { readonly length?: number | undefined; readonly signal: AbortSignal },
  ): Promise<{ readonly model: ModelVersionJson; readonly created: boolean }>;
  list(page: Page & { readonly state?: ModelState | undefined }): ModelVersionPage;
  /** @throws `model-not-found` */
  get(reference: string): ModelVersionJson;
  /** @throws `model-not-found`, `model-file-not-found` */
  file(
    reference: string,
    name: string,
  ): { readonly path: string; readonly bytes: number; readonly sha256: string };
  /**
   * Makes a version champion: it is loaded and warm before the alias moves, in one write; requests that came before are
   * answered by the one before. The champion already: nothing changes, whatever `expected` says, so that a request whose
   * answer was lost can be sent again; so too for `challenge` and the challenger.
   *
   * @throws `model-not-found`, `model-retired`, `alias-moved`, `inference-failed`
   */
  promote(
    reference: string,
    request: AliasChangeRequest & Author,
    signal: AbortSignal,
  ): Promise<DeploymentJson>;
  challenge(
    reference: string,
    request: AliasChangeRequest & Author,
    signal: AbortSignal,
  ): Promise<DeploymentJson>;
  /**
   * The champion before this one is champion again; who was rolled back has no alias. When the last change of the champion
   * was a roll back from `expected`, it was done already: nothing changes.
   *
   * @throws `no-previous-champion`, `alias-moved`
   */
  rollBack(request: AliasChangeRequest & Author, signal: AbortSignal): Promise<DeploymentJson>;
  /** @throws `model-not-found`, `model-in-use` (an alias, or a job that has not finished) */
  retire(reference: string): Promise<ModelVersionJson>;
  /** Deletes the files of a retired version; its record stays. @throws `model-not-found`, `model-in-use` when it is not retired */
  delete(reference: string): Promise<void>;
  deployment(): DeploymentJson;
  change(change: DeploymentChange & Author): Promise<DeploymentJson>;
  comparisons(page: Page & { readonly challenger?: string | undefined }): ComparisonPage;
  /**
   * Whoever stores a job asks again for its digest in the turn that stores it: a version may have been retired meanwhile.
   *
   * @throws `unknown-model`, `model-retired`
   */
  resolve(reference: string): Chosen;
  /** For a new job that names no model: the champion, or the challenger for the canary's share. */
  choose(random: () => number): Chosen;
  /** For a new job of the champion: the challenger that does it too, for the shadow's share; else nothing. */
  shadow(random: () => number): Chosen | undefined;
  /**
   * The version of a reference, loaded: its process is started if it has none. Which version an alias means is decided
   * when this is called, and one that is loaded is held from then on.
   *
   * @throws `unknown-model`, `model-retired`, `inference-failed`, `busy` when as many as may be are loaded and at work; the
   *   signal's reason
   */
  acquire(reference: string, signal: AbortSignal): Promise<Lease>;
}
