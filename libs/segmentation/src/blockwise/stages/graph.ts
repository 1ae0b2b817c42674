import { boxShape } from '@tokenunify/em-io';
import { EdgeTable } from '../../graph/edge-table.ts';
import type { RegionGraph } from '../../graph/index.ts';
import { addBlockLinks, addFaceLinks } from '../../graph/region-graph.ts';
import type { WorkContext } from '../context.ts';
import { needManifest, readArray, readInto, writeArray, type Outcome } from '../store/index.ts';
import type { JobGeometry } from '../geometry.ts';
import type { Task } from '../task.ts';

const faces = ['faceZ', 'faceY', 'faceX'] as const;

/**
 * Edges of the links v -> v - e_d with v in the block, so that every link of the volume belongs to one block. Both ends
 * are stored by name, with the sums that make an edge: float64, [5, edges]: u, v, sum, count, maximum. Nothing here knows
 * how many fragments there are elsewhere.
 */
export async function runGraph(task: Task, geometry: JobGeometry, context: WorkContext): Promise<Outcome> {
  const { artefacts, signal, scratch } = context;
  const { place } = task;
  const own = await needManifest(artefacts, geometry.id('fragments', place));
  const { files } = await needManifest(artefacts, geometry.id('affinities', place));
  const shape = boxShape(geometry.blocks.block(place));
  const voxels = shape[0] * shape[1] * shape[2];
  const fragments = await readInto(artefacts, own.files.fragments, scratch.uint32(voxels));
  const affinities = await readInto(artefacts, files.affinities, scratch.uint8(3 * voxels));
  signal?.throwIfAborted();
  const table = new EdgeTable();
  addBlockLinks(table, affinities, fragments, shape);
  const names = [await readArray(artefacts, own.files.names, 'float64')];
  let known = names[0].length;
  for (const axis of [0, 1, 2] as const) {
    const below = geometry.below(place, axis);
    if (below === undefined) continue;
    signal?.throwIfAborted();
    const near = await needManifest(artefacts, below);
    const face = await readArray(artefacts, near.files[faces[axis]], 'uint32');
    const kept = renumber(face, near.counts.fragments, known);
    addFaceLinks(table, affinities, fragments, face, shape, axis);
    const all = await readArray(artefacts, near.files.names, 'float64');
    names.push(Float64Array.from(kept, (id) => all[id - 1]));
    known += kept.length;
  }
  const graph = table.finish(known, 255);
  const edges = await writeArray(artefacts, task.id, 'edges', pack(graph, join(names, known)));
  return { files: { edges }, counts: { edges: graph.u.length } };
}

/** Ids of a neighbour's face, after those known so far; returns which ids they were. In place. */
function renumber(face: Uint32Array, count: number, known: number): Uint32Array {
  const ids = new Uint32Array(count + 1);
  const kept = new Uint32Array(Math.min(count, face.length));
  let size = 0;
  for (let i = 0; i < face.length; i++) {
    const id = face[i];
    if (ids[id] === 0) {
      kept[size++] = id;
      ids[id] = known + size;
    }
    face[i] = ids[id];
  }
  return kept.subarray(0, size);
}

function join(parts: readonly Float64Array[], length: number): Float64Array {
  const out = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function pack({ u, v, sum, count, maximum }: RegionGraph, names: Float64Array): Float64Array {
  const n = u.length;
  const out = new Float64Array(5 * n);
  for (let e = 0; e < n; e++) {
    out[e] = names[u[e] - 1];
    out[n + e] = names[v[e] - 1];
  }
  out.set(sum, 2 * n);
  out.set(count, 3 * n);
  out.set(maximum, 4 * n);
  return out;
}
