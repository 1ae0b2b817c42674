import { ApiProblem } from '../problem.ts';
import type { ModelRow } from './rows.ts';

type Named = Pick<ModelRow, 'name' | 'version' | 'digest'>;

const called = ({ name, version, digest }: Named): string => `${name} ${version} (${digest})`;
/** Whatever a caller sends must not flood a log. */
const shown = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text);

/** What a library says went wrong; what to do about it is otherwise here. */
export const withoutRemedy = (message: string): string => message.replace(/;.*$/s, '').replace(/\.$/, '');

/** @param code `unknown-model` where a request names one, `model-not-found` where a path does */
export const noModel = (
  code: 'unknown-model' | 'model-not-found',
  reference: string,
  named: readonly Named[],
): ApiProblem => {
  const remedy =
    named.length > 1
      ? `the versions ${named.map(({ digest }) => digest).join(' and ')} are called so: give a digest`
      : 'give `champion`, `challenger` if there is one, or a digest that GET /v1/models lists';
  return new ApiProblem(code, `There is no model ${shown(reference)}; ${remedy}.`, {
    field: 'model',
    value: shown(reference),
  });
};

export const noFile = (model: Named, name: string, deleted: boolean): ApiProblem =>
  new ApiProblem(
    'model-file-not-found',
    deleted
      ? `The files of ${called(model)} were deleted; upload its package again to have them.`
      : `${called(model)} has no file ${shown(name)}; GET /v1/models/${model.digest} lists those it has.`,
    { field: 'file', value: shown(name) },
  );

export const retired = (model: Named): ApiProblem =>
  new ApiProblem(
    'model-retired',
    `${called(model)} is retired and takes no new work; upload its package again, which makes it ready, or name another version.`,
    { field: 'model', value: model.digest },
  );

export const hasAlias = (model: Named, alias: string): ApiProblem =>
  new ApiProblem(
    'model-in-use',
    alias === 'champion'
      ? `${called(model)} is champion; promote another version first.`
      : `${called(model)} is challenger; take that away first, with PATCH /v1/deployment and {"challenger": null}.`,
    { field: 'model', value: alias },
  );

export const hasJob = (model: Named, segmentation: string): ApiProblem =>
  new ApiProblem(
    'model-in-use',
    `The segmentation ${segmentation} has not finished and needs ${called(model)}; wait for it, or cancel it.`,
    { field: 'model', value: segmentation },
  );

export const notRetired = (model: Named): ApiProblem =>
  new ApiProblem(
    'model-in-use',
    `${called(model)} is ready for work; retire it before its files are deleted.`,
    { field: 'model', value: 'ready', limit: 'retired' },
  );

export const stillHeld = (model: Named): ApiProblem =>
  new ApiProblem(
    'model-in-use',
    `${called(model)} still answers requests that came before it was retired; send the request again in 5 s.`,
    { field: 'model', value: model.digest },
  );

export const aliasMoved = (expected: string, champion: Named): ApiProblem =>
  new ApiProblem(
    'alias-moved',
    `The champion is ${called(champion)}, not ${shown(expected)} as was expected, and nothing was changed; look at GET /v1/deployment and decide again.`,
    { field: 'body.expected', value: shown(expected), limit: champion.digest },
  );

export const noPrevious = (champion: Named): ApiProblem =>
  new ApiProblem(
    'no-previous-champion',
    `No version that is ready was champion before ${called(champion)}; promote one by its digest.`,
    { field: 'champion', value: champion.digest },
  );

export const versionTaken = (model: Named, other: Named): ApiProblem =>
  new ApiProblem(
    'version-taken',
    `${model.name} ${model.version} is another package here already (${other.digest}, this one is ${model.digest}), and versions never change; export it with a higher --version.`,
    { field: 'body', value: model.digest, limit: other.digest },
  );
