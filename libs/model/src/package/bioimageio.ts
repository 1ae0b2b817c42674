/**
 * The rules of BioImage.IO's model description 0.5 that a package of ours can break, so that what is written here can be
 * read by everyone else. https://github.com/bioimage-io/spec-bioimage-io, bioimageio.spec 0.5.12; a test holds this list to
 * the verdicts of that implementation (tools/oracles/bioimageio_validate.py).
 *
 * - names of models, tensors and axes; versions; licences (the common ones of SPDX); descriptions of at most 1024 characters
 * - authors with a name; ORCIDs with their check digit; citations with a doi or a url
 * - one batch axis at most, no axis twice, whole sizes, known units, positive scales, a name for each channel
 * - known types of data and kinds of preprocessing, a scaling that scales
 * - documentation in Markdown, test tensors in npy, weights with an opset of 7 or more and external data in a .data file,
 *   every file with a digest
 * - tolerances of at most a hundredth; no field that does not exist
 *
 * Stricter than there: authors and citations are not optional; input and output have different names; a range is in order.
 */
import { z } from 'zod';
import { ModelError } from '../errors.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
const file = (suffix: string) =>
  z.strictObject({ source: z.string().endsWith(suffix, `must end in ${suffix}`), sha256 });

const identifier = z.string().regex(/^[a-z_][a-z0-9_]*$/, 'must be an identifier of lower-case letters');
const dtypes = [
  'float32',
  'float64',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
];
const dtype = z.enum(dtypes, `must be one of ${dtypes.join(', ')}`);

const licences = [
  ...['Apache-2.0', 'MIT', 'MIT-0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MPL-2.0', '0BSD', 'Unlicense'],
  ...['GPL-2.0-only', 'GPL-2.0-or-later', 'GPL-3.0-only', 'GPL-3.0-or-later', 'LGPL-3.0-or-later'],
  ...['AGPL-3.0-only', 'AGPL-3.0-or-later', 'EUPL-1.2', 'ECL-2.0', 'PostgreSQL', 'BSL-1.0', 'Zlib'],
  ...['CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-4.0', 'CC-BY-NC-4.0', 'CC-BY-NC-SA-4.0', 'CC-BY-3.0', 'ODC-By-1.0'],
];
const units = ['nanometer', 'micrometer', 'millimeter', 'angstrom'];

/** ISO 7064, 11-2, over the 15 digits before it. */
function hasCheckDigit(orcid: string): boolean {
  const digits = [...orcid.replaceAll('-', '')];
  const sum = digits.slice(0, -1).reduce((total, digit) => (total + Number(digit)) * 2, 0);
  const check = (12 - (sum % 11)) % 11;
  return digits.at(-1) === (check === 10 ? 'X' : String(check));
}

const orcid = z
  .string()
  .regex(/^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/, 'must be four groups of four digits')
  .refine(hasCheckDigit, 'has a wrong check digit');
const personName = z.string().regex(/^[^/\\]+$/, 'must be a name without slashes');
const author = z.strictObject({
  name: personName,
  affiliation: z.string().optional(),
  github_user: z.string().optional(),
  orcid: orcid.optional(),
});
const citation = z
  .strictObject({
    text: z.string().min(1),
    doi: z
      .string()
      .regex(/^10\.\d{4}.+$/, 'must be a doi such as 10.1000/182')
      .optional(),
    url: z.url('must be a URL').optional(),
  })
  .refine(({ doi, url }) => doi !== undefined || url !== undefined, 'needs a doi or a url');

const axis = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('batch') }),
  z.strictObject({ type: z.literal('channel'), channel_names: z.array(identifier).min(1) }),
  z.strictObject({
    type: z.literal('space'),
    id: z.enum(['z', 'y', 'x']),
    size: z.int().positive(),
    unit: z.enum(units, `must be one of ${units.join(', ')}`).optional(),
    scale: z.number().positive().optional(),
  }),
]);
const preprocessing = z.discriminatedUnion('id', [
  z.strictObject({ id: z.literal('ensure_dtype'), kwargs: z.strictObject({ dtype }) }),
  z.strictObject({
    id: z.literal('scale_linear'),
    kwargs: z
      .strictObject({ gain: z.number(), offset: z.number() })
      .refine(({ gain, offset }) => gain !== 1 || offset !== 0, 'changes nothing; leave it out'),
  }),
]);
/** [batch, channels, z, y, x]: any other order or number is not that of the test tensors. */
const tensor = z.strictObject({
  id: identifier,
  description: z.string().max(128),
  axes: z.array(axis).refine((axes) => kindsOf(axes) === 'batch channel z y x', {
    error: 'must be batch, channel, z, y and x',
  }),
  data: z.strictObject({
    type: dtype,
    range: z
      .tuple([z.number(), z.number()])
      .refine(([low, high]) => low < high, 'must have its lower end first'),
  }),
  preprocessing: z.array(preprocessing).optional(),
  test_tensor: file('.npy'),
});
const kindsOf = (axes: readonly z.infer<typeof axis>[]) =>
  axes.map((a) => (a.type === 'space' ? a.id : a.type)).join(' ');

const hundredth = z.number().min(0).max(0.01).optional();
/** As much of a test tensor's largest value, which is about 1, as the reference allows with room to spare. */
const half = z.number().min(0).max(0.005).optional();

export const bioimageioSchema = z
  .strictObject({
    type: z.literal('model'),
    format_version: z.string().regex(/^0\.5\.\d+$/, 'must be 0.5.x'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9_+\- ()]{5,128}$/, 'must be 5 to 128 letters, digits, spaces and _ + - ( )'),
    version: z
      .string()
      .regex(/^\d+\.\d+\.\d+([-+][A-Za-z0-9.-]+)?$/, 'must be a semantic version such as 0.1.0'),
    description: z.string().max(1024),
    documentation: z.string().endsWith('.md', 'must end in .md'),
    license: z.enum(licences, `must be an SPDX identifier: one of ${licences.join(', ')}`),
    authors: z.array(author).min(1, 'must name at least one'),
    cite: z.array(citation).min(1, 'must cite at least the method'),
    tags: z.array(z.string()),
    timestamp: z.iso.datetime({ offset: true, error: 'must be ISO 8601 with a zone' }),
    attachments: z.array(file('')).optional(),
    inputs: z.tuple([tensor]),
    outputs: z.tuple([tensor]),
    weights: z.strictObject({
      onnx: file('.onnx').extend({
        opset_version: z.int().min(7),
        external_data: file('.data').optional(),
      }),
    }),
    config: z.object({
      bioimageio: z
        .strictObject({
          reproducibility_tolerance: z.array(
            z.strictObject({ relative_tolerance: hundredth, absolute_tolerance: half }),
          ),
        })
        .optional(),
    }),
  })
  .refine(({ inputs, outputs }) => inputs[0].id !== outputs[0].id, {
    path: ['outputs', 0, 'id'],
    error: 'must not be that of the input',
  });

/**
 * @param description of a package, as it is or will be in rdf.yaml
 * @throws ModelError `model/package` with the first field that breaks a rule, in `details.field`
 */
export function checkBioimageio(description: unknown): void {
  const result = bioimageioSchema.safeParse(description);
  if (result.success) return;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || 'rdf.yaml';
  throw new ModelError(
    'model/package',
    `Model package field ${field} breaks a rule of BioImage.IO 0.5: ${issue?.message ?? 'it is invalid'}.`,
    { details: { field }, cause: result.error },
  );
}
