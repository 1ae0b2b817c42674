import { toProblem } from '../../failures.ts';
import { newId } from '../../ids.ts';
import type { Chosen } from '../../models/types.ts';
import { modelRef } from '../choice.ts';
import type { SegmentationsOptions } from '../options.ts';
import type { StoredSpec } from '../record.ts';
import { resolveShadow } from '../resolve.ts';
import type { NewSegmentation } from '../types.ts';
import type { NewShadow } from './rows.ts';

export interface PlanOptions extends Pick<
  SegmentationsOptions,
  'models' | 'blockSide' | 'memoryLimit' | 'now' | 'random' | 'log'
> {
  /** Shadows that wait already. */
  readonly waiting: number;
}

/** A server that is never idle would pile them up. */
const MOST_WAITING = 1_000;

/**
 * What the challenger is to do beside a new job: nothing, unless the champion does it and chance says so.
 *
 * @param spec of the job, whose volume is known to be readable
 */
export function planShadow(
  request: NewSegmentation,
  { package: { digest }, alias }: Chosen,
  { shape, box }: StoredSpec,
  { models, blockSide, memoryLimit, now, random, log, waiting }: PlanOptions,
): NewShadow | undefined {
  if (alias !== 'champion' || waiting >= MOST_WAITING) return undefined;
  let shadow: Chosen | undefined;
  try {
    shadow = models.shadow(random);
  } catch (error) {
    // a challenger that is not in order is none of the champion's business
    log?.({ segmentation: 'shadows', error });
  }
  if (shadow === undefined || shadow.package.digest === digest) return undefined;
  const model = modelRef(shadow);
  try {
    const spec = resolveShadow(request, { shape, box }, { model: shadow.package, blockSide, memoryLimit });
    return { model, work: { id: newId('shd', now(), random), spec } };
  } catch (error) {
    return { model, work: { impossible: toProblem(error).message } };
  }
}
