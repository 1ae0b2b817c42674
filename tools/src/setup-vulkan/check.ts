import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { World } from '../setup/world.ts';

/** Name of the device that WebGPU finds through the library in `directory`, or why it computes nothing there. */
export async function check(
  world: World,
  directory: string,
  signal?: AbortSignal,
): Promise<{ readonly device: string } | { readonly fault: string }> {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'check-child.ts');
  const outer = world.env['LD_LIBRARY_PATH'];
  const { code, stdout, stderr } = await world.run(
    world.node,
    ['--disable-warning=ExperimentalWarning', script],
    {
      env: {
        LD_LIBRARY_PATH: outer === undefined || outer === '' ? directory : `${directory}:${outer}`,
        TOKENUNIFY_ALLOW_SOFTWARE_GPU: '1',
      },
      ...(signal ? { signal } : {}),
    },
  );
  signal?.throwIfAborted();
  const device = /^\{"device":"(.*)"\}$/m.exec(stdout)?.[1];
  if (code === 0 && device !== undefined) return { device };
  const error = /^\w*Error: (.*)$/m.exec(stderr)?.[1] ?? `exit code ${code}`;
  return { fault: error.replace(/[.;]$/, '').slice(0, 200) };
}
