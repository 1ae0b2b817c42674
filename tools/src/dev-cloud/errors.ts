/** Why the two did not start, or stopped: one sentence, which is all that needs to be printed. */
export class DevCloudError extends Error {
  override readonly name = 'DevCloudError';
}
