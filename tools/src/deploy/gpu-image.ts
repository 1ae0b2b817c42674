/** What the image for a GPU must do beside what every image does. */
import { z } from 'zod';
import type { Instruction } from './dockerfile.ts';

/** How the image for a GPU is called, by that of the image for a CPU. */
export const gpuImageOf = (image: string): string => `${image}-gpu`;

/** What a container does first: without a GPU it must end there. */
const first = 'tokenunify info --engine tensorflow --gpu';

export function gpuImageProblems(instructions: readonly Instruction[]): string[] {
  const of = (name: string) => instructions.filter((one) => one.name === name).map(({ value }) => value);
  const setup = of('RUN').find((run) => run.includes('setup:tensorflow')) ?? '';
  const cache = /TOKENUNIFY_CACHE=(\S+)/.exec(setup)?.[1];
  return [
    ...(/setup:tensorflow -- --gpu( |$)/.test(setup)
      ? []
      : ['must build the engine with `npm run setup:tensorflow -- --gpu`']),
    ...(cache !== undefined && setup.includes(`rm -rf ${cache}`)
      ? []
      : ['must remove the wheels in the step that fetches them: set TOKENUNIFY_CACHE and remove it']),
    // an image is built where no GPU is
    ...(of('RUN').some((run) => /nvidia-smi|info .*--gpu/.test(run))
      ? ['asks for a GPU while it is built']
      : []),
    ...driverProblems(of('ENV').join(' ')),
    ...entryProblems(of('ENTRYPOINT')),
  ];
}

function driverProblems(environment: string): string[] {
  const capabilities = /NVIDIA_DRIVER_CAPABILITIES=(\S+)/.exec(environment)?.[1]?.split(',') ?? [];
  return [
    ...(/NVIDIA_VISIBLE_DEVICES=/.test(environment)
      ? []
      : ['does not ask for devices: set NVIDIA_VISIBLE_DEVICES']),
    ...['compute', 'utility']
      .filter((one) => !capabilities.includes(one) && !capabilities.includes('all'))
      .map((one) => `does not ask the driver for ${one}: add it to NVIDIA_DRIVER_CAPABILITIES`),
  ];
}

function entryProblems(entries: readonly string[]): string[] {
  const problem = [`must first run '${first}', and what it is told only after that: an ENTRYPOINT of sh -c`];
  const [only] = entries;
  if (only === undefined || entries.length > 1) return problem;
  try {
    const [shell, option, script = ''] = z
      .tuple([z.string(), z.string(), z.string()])
      .parse(JSON.parse(only));
    const right = shell === 'sh' && option === '-c' && /^(.*) && exec "\$0" "\$@"$/.exec(script)?.[1];
    return right && right.replace(/ >&2$/, '') === first ? [] : problem;
  } catch {
    return problem;
  }
}
