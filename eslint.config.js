import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The arrows between rooms (docs/architecture.md): what each may import of ours. Everything else of ours is refused,
 * by name and by path, and so is the inside of another room: a library is its `src/index.ts`.
 */
export const arrows = {
  'libs/model': [],
  'libs/em-io': [],
  'libs/segmentation': ['@tokenunify/em-io'],
  'apps/trainer': [
    '@tokenunify/model',
    '@tokenunify/em-io',
    '@tokenunify/segmentation',
    // `segment --api` is a client of a server that may be anywhere; the server itself stays out of reach
    '@tokenunify/api/client',
  ],
  'apps/api': [
    '@tokenunify/model',
    '@tokenunify/em-io',
    '@tokenunify/em-io/zarr-layout',
    '@tokenunify/segmentation',
  ],
  tools: [
    '@tokenunify/model',
    '@tokenunify/em-io',
    '@tokenunify/segmentation',
    '@tokenunify/api',
    '@tokenunify/api/client',
  ],
  test: [
    '@tokenunify/model',
    '@tokenunify/em-io',
    '@tokenunify/segmentation',
    '@tokenunify/api',
    '@tokenunify/api/client',
    '@tokenunify/tools',
    'tokenunify',
  ],
};

const ours = '^(@tokenunify/|tokenunify(/|$))';

const restricted = (room, allowed) => [
  {
    regex: `${ours.slice(0, 1)}(?!(?:${[...allowed, '-'].join('|')})$)(?:${ours.slice(1)}).*`,
    message: `${room} may import of ours only: ${allowed.join(', ') || 'nothing'}.`,
  },
  {
    // a relative path that leaves the room
    regex: '^(\\.\\./)+(libs|apps|tools|test)/|^(\\.\\./)+(model|em-io|segmentation|trainer|api)/(src|bin)/',
    message: 'Import another room by its package name, never by path.',
  },
];

const rooms = Object.entries(arrows).map(([room, allowed]) => ({
  files: [`${room}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', { patterns: restricted(room, allowed) }] },
}));

/** What also runs where there is no Node: in a Cloudflare Worker, and the client in browsers. */
const withoutNode = {
  files: ['apps/api/src/worker/**/*.ts', 'apps/api/src/contract/**/*.ts', 'apps/api/src/client/**/*.ts'],
  ignores: ['**/*.test.ts', '**/*.fixture.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...restricted('apps/api', arrows['apps/api']),
          { regex: '^node:', message: 'This also runs in a Worker or a browser; import nothing of Node.' },
          {
            regex: '^@tokenunify/(?!em-io/zarr-layout$)',
            message: 'The libraries need Node; in a Worker there is only @tokenunify/em-io/zarr-layout.',
          },
        ],
      },
    ],
  },
};

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/**',
      '.nx/**',
      '.tensorflow/**',
      'runs/**',
      'demo-output/**',
      '**/generated/**',
      '**/*.gen.ts',
      '**/.wrangler/**',
      '.tokenunify-data/**',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    rules: {
      // `array[i]!` is how typed arrays are read in hot loops
      '@typescript-eslint/no-non-null-assertion': 'off',
      // disposal and abort handlers are empty on purpose in places
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'off',
      'no-undef': 'off', // the compiler knows
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', TextEncoder: 'readonly' },
    },
  },
  ...rooms,
  withoutNode,
);
