/** Where a long piece of work is. `unit` names what `done` and `total` count. */
export interface ProgressEvent {
  readonly stage: 'tiles' | 'affinities' | 'fragments' | 'graph' | 'agglomeration' | 'labels';
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}
