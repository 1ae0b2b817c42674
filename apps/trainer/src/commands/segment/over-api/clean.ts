import { isApiError } from '@tokenunify/api/client';
import type { Context } from './context.ts';

/** The output is there: what cannot be deleted on the server is said, and is no failure. */
export async function clean({
  api,
  reporter,
  signal,
  state,
}: Context): Promise<{ kept?: readonly string[] }> {
  const { job, volume } = state();
  const kept: string[] = [];
  const gone = async (id: string | undefined, remove: (id: string) => Promise<void>) => {
    try {
      if (id !== undefined) await remove(id);
    } catch (error) {
      signal.throwIfAborted();
      if (isApiError(error, 'segmentation-not-found', 'volume-not-found')) return;
      kept.push(String(id));
      reporter.note(
        `${id} could not be deleted on the server: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  await gone(job, (id) => api.deleteSegmentation(id, { signal }));
  await gone(volume, (id) => api.deleteVolume(id, { signal }));
  return kept.length > 0 ? { kept } : {};
}
