import type { AliasChange } from './deployments.ts';
import type { ModelRow } from './rows.ts';
import type { Alias, ComparisonJson, DeploymentJson, ModelVersionJson } from './types.ts';

type Triple = [number, number, number];
type Name = ComparisonJson['champion'];

/** A version as the contract shows it. */
export function modelJson(row: ModelRow, aliases: Alias[], loaded: boolean): ModelVersionJson {
  const { package: model, sizes, digest, retiredAt, bytes } = row;
  const self = `/v1/models/${digest}`;
  const digests: Readonly<Record<string, string>> = {
    'rdf.yaml': digest.replace('sha256:', ''),
    ...model.files,
  };
  const files = bytes === 0 ? [] : Object.entries(digests);
  return {
    ...nameOf(row),
    description: model.description,
    license: model.license,
    preset: model.preset,
    tileShape: [...model.tileShape] satisfies Triple,
    minimumShape: [...model.minimumShape] satisfies Triple,
    ...(model.voxelSize && { voxelSize: [...model.voxelSize] satisfies Triple }),
    state: row.state,
    aliases,
    loaded,
    createdAt: iso(row.createdAt),
    ...(retiredAt !== undefined && { retiredAt: iso(retiredAt) }),
    bytes,
    files: files.map(([name, sha256]) => ({ name, bytes: sizes[name] ?? 0, sha256 })),
    postprocessing: model.postprocessing,
    metrics: model.metrics,
    links: {
      self,
      promote: `${self}/promote`,
      challenge: `${self}/challenge`,
      retire: `${self}/retire`,
    },
  };
}

export const nameOf = ({ digest, name, version }: Name): Name => ({ digest, name, version });

/** @param named the names of a digest; every digest of the history has a row */
export const changeJson = (
  { at, kind, alias, from, to, by, reason }: AliasChange,
  named: (digest: string) => Name,
): DeploymentJson['history'][number] => ({
  at: iso(at),
  kind,
  alias,
  ...(from !== undefined && { from: named(from) }),
  ...(to !== undefined && { to: named(to) }),
  by,
  ...(reason !== undefined && { reason }),
});

export const iso = (ms: number): string => new Date(ms).toISOString();
