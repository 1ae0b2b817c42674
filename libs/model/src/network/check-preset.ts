import { ModelError } from '../errors.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Preset, StagePreset } from './preset.ts';

/**
 * Refuses a preset that is no network, before anything is computed.
 *
 * @throws ModelError `model/preset`, with the field and the sum that fails: "40 x 2 = 80 inner channels / 24 a head = 3.33"
 * @example
 * checkPreset({ ...presetNamed('tiny'), mamba: { state: 16, headChannels: 24, expand: 2, convolutionWidth: 4 } });
 */
export function checkPreset(preset: Preset): void {
  const check = new Check(preset.name);
  check.sizes('token', preset.token);
  check.sizes('crop', preset.crop);
  check.size('stem.width', preset.stem.width);
  check.sizes('stem.kernel', preset.stem.kernel);
  if (preset.stages.length === 0) check.refuse('stages', 'has 0 entries; give it at least one stage');
  preset.stages.forEach((stage, index) => checkStage(check, preset, stage, `stages[${index}]`));
  check.sizes('decoderKernel', preset.decoderKernel);
  if (preset.spatialKernel) check.sizes('spatialKernel', preset.spatialKernel);
  if (preset.bottleneck) {
    check.size('bottleneck.width', preset.bottleneck.width);
    check.sizes('bottleneck.kernel', preset.bottleneck.kernel);
  }
  checkSequence(check, preset);
  checkResampler(check, preset);
  checkDivisions(check, preset);
}

function checkStage(check: Check, preset: Preset, stage: StagePreset, field: string): void {
  const { width, mambaLayers } = stage;
  check.size(`${field}.width`, width);
  check.sizes(`${field}.kernel`, stage.kernel);
  check.sizes(`${field}.strides`, stage.strides);
  if (stage.spatialKernel) check.sizes(`${field}.spatialKernel`, stage.spatialKernel);
  check.size(`${field}.mambaLayers`, mambaLayers, 0);
  if (mambaLayers === 0) return;
  if (preset.sequence === 'transformer') {
    const headChannels = preset.transformer?.headChannels ?? 1;
    check.division(`${field}.width`, width, headChannels, ['channels', 'a head']);
  } else {
    const { expand, headChannels } = preset.mamba;
    const inner = `${width} x ${expand} = `;
    check.division(`${field}.width`, width * expand, headChannels, ['inner channels', 'a head'], inner);
  }
}

function checkSequence(check: Check, { sequence, mamba, transformer }: Preset): void {
  for (const [name, value] of Object.entries(mamba)) check.size(`mamba.${name}`, value);
  if (transformer)
    for (const [name, value] of Object.entries(transformer)) check.size(`transformer.${name}`, value);
  if (sequence === 'transformer' && !transformer)
    check.refuse('transformer', "is absent although sequence is 'transformer'; use withTransformer");
}

function checkResampler(check: Check, { resampler, stages, bottleneck }: Preset): void {
  for (const [name, value] of Object.entries(resampler)) check.size(`resampler.${name}`, value);
  const width = bottleneck?.width ?? stages.at(-1)!.width; // there is a stage by now
  check.division('resampler.heads', width, resampler.heads, ['channels at the bottom', 'heads']);
}

/** The crop is whole tokens, and halves (or whatever the strides say) without a rest. */
function checkDivisions(check: Check, { crop, token, stages }: Preset): void {
  for (const [axis, letter] of ['z', 'y', 'x'].entries()) {
    const strides = stages.map((stage) => stage.strides[axis]!); // axis < 3
    const size = crop[axis]!;
    check.division(`crop ${letter}`, size, token[axis]!, ['voxels', 'a token']);
    const total = strides.reduce((product, stride) => product * stride, 1);
    check.division(`crop ${letter}`, size, total, ['voxels', `of all strides (${strides.join(' x ')})`]);
  }
}

class Check {
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }

  refuse(field: string, what: string): never {
    throw new ModelError('model/preset', `Preset '${this.#name}' is impossible: ${field} ${what}.`, {
      details: { preset: this.#name, field },
    });
  }

  size(field: string, value: number, least = 1): void {
    if (!Number.isSafeInteger(value) || value < least)
      this.refuse(field, `is ${value}; use a whole number of at least ${least}`);
  }

  sizes(field: string, values: Vec3): void {
    if (values.length !== 3) this.refuse(field, `has ${values.length} numbers; use three, for z, y and x`);
    values.forEach((value, axis) => {
      this.size(`${field} ${'zyx'[axis]}`, value);
    });
  }

  /** `whole` must be a multiple of `part`. */
  division(field: string, whole: number, part: number, [units, each]: [string, string], sum = ''): void {
    this.size(field, part);
    if (whole % part === 0) return;
    const quotient = Number((whole / part).toFixed(2));
    this.refuse(
      field,
      `does not divide, ${sum}${whole} ${units} / ${part} ${each} = ${quotient}; the result must be a whole number`,
    );
  }
}
