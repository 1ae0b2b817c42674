import { setupErrors } from '../setup/errors.ts';

export const { unavailable, failed } = setupErrors('setup-vulkan');
