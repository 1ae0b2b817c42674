import type { ApiClient, SegmentationRequest } from '@tokenunify/api/client';
import type { Box, Volume } from '@tokenunify/em-io';
import type { Reporter } from '../../../progress/reporter.ts';
import type { Patience } from './patience.ts';
import type { State } from './state.ts';

/** What the steps of one command share. */
export interface Context {
  readonly api: ApiClient;
  /** Sent with every request for chunks. */
  readonly headers: Readonly<Record<string, string>>;
  readonly patience: Patience;
  /** Of silence, after which to give up. */
  readonly patienceSeconds: number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly volume: Volume;
  /** Of the volume, what is uploaded. */
  readonly box: Box;
  /** For people who list volumes and jobs on the server. */
  readonly name: string;
  /** What the job is asked for, but for the volume. */
  readonly request: Omit<SegmentationRequest, 'input'>;
  state(): State;
  /** Changes the state, on disk before it returns. */
  remember(change: Partial<State>): Promise<void>;
}
