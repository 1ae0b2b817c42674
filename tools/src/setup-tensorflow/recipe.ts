import { join } from 'node:path';
import { placeCuda } from './cuda-layout.ts';
import { cudaWheels } from './cuda-wheels.ts';

/** A Python wheel, pinned by its content; Python itself is not used at run time. */
export interface PinnedWheel {
  readonly file: string;
  readonly sha256: string;
}

/** What is built from what. A change here makes every earlier installation stale. */
export interface Recipe {
  /** Raised when the steps change in a way that the versions do not show. */
  readonly revision: number;
  readonly tfjs: string;
  readonly tensorflow: string;
  /** The wheel which carries TensorFlow's C library and headers. */
  readonly wheel: PinnedWheel;
  /** The wheels which carry NVIDIA's libraries; a recipe that has them builds for a GPU. */
  readonly cuda?: readonly PinnedWheel[];
}

export const recipe: Recipe = {
  revision: 1,
  tfjs: '4.22.0',
  tensorflow: '2.21.0',
  wheel: {
    file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  },
};

/** The same TensorFlow, built for CUDA 12 and cuDNN 9. */
export const gpuRecipe: Recipe = {
  ...recipe,
  wheel: {
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  },
  cuda: cudaWheels,
};

export const wheelsOf = ({ wheel, cuda = [] }: Recipe): readonly PinnedWheel[] => [wheel, ...cuda];

/**
 * Arguments with which pip fetches exactly this file, whatever Python it runs on. TensorFlow's libraries hold the same
 * code for every Python; one tag is asked for, so that one sha256 can be pinned.
 */
export function pipArguments({ file }: PinnedWheel, into: string): string[] {
  const [name = '', version = '', , abi = '', platforms = ''] = file.replace(/\.whl$/, '').split('-');
  const python = abi === 'none' ? [] : ['--implementation', 'cp', '--abi', abi];
  return [
    'download',
    '--no-deps',
    '--no-input',
    '--disable-pip-version-check',
    ...['--only-binary', ':all:', '--python-version', '311', ...python],
    ...platforms.split('.').flatMap((platform) => ['--platform', platform]),
    ...['--dest', into],
    `${name.replaceAll('_', '-')}==${version}`,
  ];
}

/** glibc that the wheel's tag asks for. */
export const minimumGlibc: readonly [number, number] = [2, 27];

/**
 * For the CPU: wheel 0.3 GB, npm packages 0.4 GB, unpacked libraries 0.9 GB. For a GPU: wheels 3.3 GB, npm packages
 * 0.4 GB, unpacked libraries 4.7 GB. Rounded up.
 */
export const bytesNeeded = ({ cuda }: Recipe): number => (cuda === undefined ? 2e9 : 9e9);

/** The two libraries, under the names that they ask for each other by. */
export const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** The headers which the addon includes, directly or not: 4 of the wheel's 200 folders. */
const headers = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/'];

/** Where a file of the wheel belongs, under the package's `deps`; undefined when it is not needed. */
export function placeInDeps(name: string): string | undefined {
  if (name.startsWith('nvidia/')) return placeCuda(name);
  const inside = /^tensorflow\/(.*)$/.exec(name)?.[1];
  if (inside === undefined) return undefined;
  if (libraries.some((library) => library === inside)) return join('lib', inside);
  const header = /^include\/(.*\.h)$/.exec(inside)?.[1];
  return header !== undefined && headers.some((folder) => header.startsWith(folder))
    ? join('include', header)
    : undefined;
}

/** The `@tensorflow/*` packages which npm installs again beside tfjs-node, though the repository has them. */
export const duplicates = [
  'tfjs',
  'tfjs-backend-cpu',
  'tfjs-backend-webgl',
  'tfjs-converter',
  'tfjs-core',
  'tfjs-data',
  'tfjs-layers',
];

/** The paths of an installation. */
export function layout(root: string) {
  const modules = join(root, 'node_modules');
  const directory = join(modules, '@tensorflow', 'tfjs-node');
  return {
    root,
    modules,
    directory,
    deps: join(directory, 'deps'),
    addon: join(directory, 'lib', 'napi-v8', 'tfjs_binding.node'),
    // Inside the directory that is put in place by one rename: there is never a stamp without what it stands for.
    stamp: join(modules, '.setup-tensorflow.json'),
  };
}
