import type { Admission } from '../admission.ts';
import type { Env } from '../environment.ts';
import { readBody } from '../body.ts';
import { NPY_MEDIA_TYPES, type Handlers } from '../contract/index.ts';
import type { Limits } from '../limits.ts';
import type { RequestModels } from '../models/types.ts';
import { readRawVolume } from '../raw-volume.ts';
import type { SegmentResult } from '../segmenter/types.ts';
import { checkBodyHeaders, type AcceptedBody } from './body-headers.ts';
import { unavailable } from './service.ts';

const NPY: AcceptedBody = {
  types: NPY_MEDIA_TYPES,
  what: 'npy file',
  remedy: `send an npy file, as numpy.save writes it, as ${NPY_MEDIA_TYPES.join(' or ')}; HDF5 and Zarr are read by \`npx tokenunify segment\``,
};

export interface SegmentRouteOptions {
  readonly registry: RequestModels;
  /** False while the server is stopping. */
  readonly ready: () => boolean;
  readonly limits: Limits;
  readonly admission: Admission;
}

/** POST /v1/segment: everything about the request is checked before anything heavy begins. */
export function segmentHandler<E extends Env>({
  registry,
  ready,
  limits,
  admission,
}: SegmentRouteOptions): Handlers<E>['segment'] {
  return async (c) => {
    const { output, threshold, scoring, model = 'champion' } = c.req.valid('query');
    checkBodyHeaders(c.req.raw.headers, NPY);
    if (!ready()) throw unavailable();
    registry.resolve(model); // one that is not there is refused before its body is read
    const signal = c.req.raw.signal;
    return admission.enter(async (place) => {
      const bytes = await readBody(c.req.raw, limits, signal);
      // Now, and not before: a body that is slow in coming would keep a version loaded that is champion no more.
      const { package: found, segmenter, release } = await registry.acquire(model, signal);
      try {
        const { minimumShape, digest } = found;
        const raw = await readRawVolume(bytes, { maxVoxels: limits.maxVoxels, minimumShape });
        const request = {
          raw,
          output,
          ...(threshold !== undefined && { threshold }),
          ...(scoring !== undefined && { scoring }),
        };
        return npyResponse(await place.run(() => segmenter.segment(request, { signal }), signal), digest);
      } finally {
        release();
      }
    });
  };
}

function npyResponse({ npy, labelCount, timings }: SegmentResult, digest: string): Response {
  const timing = Object.entries(timings).map(([stage, ms]) => `${stage};dur=${ms.toFixed(1)}`);
  // A Uint8Array over a shared buffer is no body, and ours never is; the type cannot say so.
  return new Response(npy as Uint8Array<ArrayBuffer>, {
    headers: {
      'content-type': NPY_MEDIA_TYPES[0],
      'content-length': String(npy.byteLength),
      'tokenunify-model': digest,
      'server-timing': timing.join(', '),
      ...(labelCount !== undefined && { 'tokenunify-label-count': String(labelCount) }),
    },
  });
}
