/**
 * Block-wise segmentation: a volume larger than memory, cut into blocks, with the labels of the volume in one piece.
 *
 * The idea. Every stage but one works on a block and a bounded surrounding of it, and what a block gets there does not
 * depend on how the volume was cut: tiles lie where the volume's shape puts them, fragments are made in cells that never
 * move, every link of the region graph belongs to the block of its upper voxel. What blocks must agree on, the identity
 * of a fragment, needs no agreement: it is the position of its first voxel. Only agglomeration is global, on the region
 * graph alone. Everything after the affinities is integer work, so no order of adding can show.
 *
 * What it costs. A worker holds a block and its halo (about 30 bytes a voxel in the watershed), agglomeration about 72
 * bytes a fragment and 140 an edge. On disk: 3 bytes a voxel of affinities, 4 of fragments, and, for as long as their
 * blocks are not blended, 12 bytes a voxel of predictions.
 *
 * Crashes. A task commits by writing its manifest, if there is none yet, in one step; only manifests are believed.
 *
 * What it cannot do: agglomerate a graph larger than memory; it says how much it needs.
 *
 * @module
 */
export type { TaskContext } from './context.ts';
export { dropStages, linkArtefacts, sweepArtefacts } from './housekeeping.ts';
export { labelChunkShape, labelShape, planJob } from './plan.ts';
export type { TaskWorker } from './crew.ts';
export { runJob, taskWorker, type JobResult, type RunJobOptions } from './run-job.ts';
export { runTask } from './run-task.ts';
export type { TaskOrder } from './schedule.ts';
export { resolveSpec, type JobSpec, type ResolvedSpec } from './spec.ts';
export { directoryArtefacts, type ArtefactStore, type StoredName } from './store/index.ts';
export { taskMemory } from './task-memory.ts';
export { countTasks } from './count-tasks.ts';
export { jobStages, type JobPlan, type JobStage, type Task } from './task.ts';
