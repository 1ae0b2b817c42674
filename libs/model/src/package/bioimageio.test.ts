import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { halfPackage } from '../onnx/oracles.fixture.ts';
import { checkBioimageio } from './bioimageio.ts';
import { writeModelPackage } from './index.ts';
import { packageInput } from './package.fixture.ts';

interface Variant {
  readonly what: string;
  readonly path: readonly (string | number)[];
  readonly value?: unknown;
  readonly repeat?: number;
}
interface Oracle {
  readonly versions: Readonly<Record<string, string>>;
  readonly packages: readonly {
    readonly package: string;
    readonly status: string;
    readonly 'rdf without test output': string;
  }[];
  readonly variants: readonly {
    readonly what: string;
    readonly refused: boolean;
    readonly because?: string;
  }[];
}
const fixture = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`./fixtures/${name}`, import.meta.url), 'utf8'));
const oracle = (await fixture('bioimageio.json')) as Oracle; // the script writes it
const variants = (await fixture('bioimageio-variants.json')) as Variant[];
const bundled = new URL('../../../../models/default/rdf.yaml', import.meta.url).pathname;

/** What the reference takes and we do not. */
const stricter = [
  'no authors',
  'an empty list of authors',
  'a time without a zone',
  'one id for input and output',
  'no batch axis',
  'a channel name with a space',
  'a range backwards',
];
/** What is for `readModelPackage` to find, which looks at the files. */
const ofFiles = [
  'documentation that is not there',
  'an axis longer than the test tensor',
  'a channel too many',
  'a test tensor that is not there',
  'a test tensor with another digest',
  'weights that are not there',
  'weights with another digest',
];

/** One place of a description, changed; keys are those of the description, as the variants were written for it. */
function changed(description: unknown, { path, value, repeat }: Variant): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return repeat === undefined ? value : 'a'.repeat(repeat);
  const copy = (Array.isArray(description) ? [...description] : { ...(description as object) }) as Record<
    string | number,
    unknown
  >;
  if (rest.length > 0 || value !== undefined || repeat !== undefined)
    copy[key] = changed(copy[key], { path: rest, value, ...(repeat !== undefined && { repeat }), what: '' });
  else if (Array.isArray(copy)) copy.splice(Number(key), 1);
  else Reflect.deleteProperty(copy, key);
  return copy;
}

describe('the rules of BioImage.IO are kept as the reference keeps them:', async () => {
  const description: unknown = parse(await readFile(bundled, 'utf8'));

  it('every variant was judged by it', () => {
    expect(oracle.variants.map(({ what }) => what)).toEqual(variants.map(({ what }) => what));
    expect(oracle.variants.filter(({ refused }) => refused).length).toBeGreaterThan(40);
  });

  it.each(variants.filter(({ what }) => !ofFiles.includes(what)))('$what', (variant) => {
    const { refused } = oracle.variants.find(({ what }) => what === variant.what)!;
    const check = () => checkBioimageio(changed(description, variant));
    if (refused || stricter.includes(variant.what)) expect(check).toThrow(/^Model package field .+\.$/s);
    else expect(check).not.toThrow();
    expect(refused && stricter.includes(variant.what)).toBe(false);
  });

  it.each(ofFiles)('%s: refused there, and for readModelPackage here', (what) => {
    expect(oracle.variants.find((variant) => variant.what === what)?.refused).toBe(true);
  });
});

describe('the reference passed, its own test of the model included,', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'bioimageio-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const stale =
    'the result of tools/oracles/bioimageio_validate.py is out of date: its first lines say how to renew it';
  const described = async (file: string) => {
    const text = await readFile(file, 'utf8');
    const output = /^ {6}test-output\.npy: (\w{64})$/m.exec(text)![1]!;
    return createHash('sha256').update(text.replaceAll(output, '')).digest('hex');
  };
  const passed = (name: string) => {
    const found = oracle.packages.find((entry) => entry.package === name);
    expect(found?.status).toBe('passed');
    return found?.['rdf without test output'];
  };

  it('the bundled package as it is now', async () => {
    expect(passed('models/default'), stale).toBe(await described(bundled));
  });

  it.each([
    ['float16', false],
    ['float16-external-data', true],
  ])('a package as it is written now: %s', async (name, externalData) => {
    const { dir } = await halfPackage(join(root, 'a'), externalData);
    expect(passed(name), stale).toBe(await described(join(dir, 'rdf.yaml')));
  });
});

it('a package that breaks a rule is not written, and the error names the field', async () => {
  const input = { ...packageInput, license: 'Mine', authors: [{ name: 'A', orcid: '0000-0001-2345-6780' }] };
  await expect(writeModelPackage('/nowhere', input)).rejects.toMatchObject({
    code: 'model/package',
    details: { field: 'license' },
    message: expect.stringContaining('breaks a rule of BioImage.IO 0.5: must be an SPDX identifier'),
  });
  await expect(writeModelPackage('/nowhere', { ...input, license: 'MIT' })).rejects.toMatchObject({
    details: { field: 'authors.0.orcid' },
  });
});
