import { join } from 'node:path';

/** What is built from what. A change here makes every earlier installation stale. */
export interface Recipe {
  /** Raised when the steps change in a way that the versions do not show. */
  readonly revision: number;
  readonly tfjs: string;
  readonly tensorflow: string;
  /** The Python wheel which carries TensorFlow's C library and headers; Python itself is not used at run time. */
  readonly wheel: { readonly file: string; readonly sha256: string };
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

/** The libraries hold the same code for every Python; one tag is asked for, so that one sha256 can be pinned. */
export const pipArguments = (into: string): string[] => [
  'download',
  '--no-deps',
  '--no-input',
  '--disable-pip-version-check',
  ...['--only-binary', ':all:', '--python-version', '311', '--implementation', 'cp', '--abi', 'cp311'],
  ...['--platform', 'manylinux_2_27_x86_64', '--dest', into],
  `tensorflow-cpu==${recipe.tensorflow}`,
];

/** glibc that the wheel's tag asks for. */
export const minimumGlibc: readonly [number, number] = [2, 27];

/** Wheel 0.3 GB, npm packages 0.4 GB, unpacked libraries 0.9 GB, rounded up. */
export const bytesNeeded = 2e9;

/** The two libraries, under the names that they ask for each other by. */
export const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** The headers which the addon includes, directly or not: 4 of the wheel's 200 folders. */
const headers = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/'];

/** Where a file of the wheel belongs, under the package's `deps`; undefined when it is not needed. */
export function placeInDeps(name: string): string | undefined {
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
