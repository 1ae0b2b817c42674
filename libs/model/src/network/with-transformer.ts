import type { Preset } from './preset.ts';

/** A head wider than this gains nothing, and every head costs a row of scores a token. */
const WIDEST_HEAD = 64;

/**
 * The same network with Transformer layers where the Mamba layers are: same widths, same number, all else equal. The
 * paper compares these two columns. Its name is the preset's with `-transformer`, which `presetNamed` knows.
 *
 * @example
 * describeNetwork(withTransformer(presetNamed('base')), 'affinities').parameterCount
 */
export function withTransformer(preset: Preset): Preset {
  if (preset.sequence === 'transformer') return preset;
  const widths = preset.stages.filter(({ mambaLayers }) => mambaLayers > 0).map(({ width }) => width);
  return {
    ...preset,
    name: `${preset.name}-transformer`,
    sequence: 'transformer',
    // a feed-forward of four widths, as in a vision transformer (Dosovitskiy et al. 2021)
    transformer: { headChannels: headChannelsOf(widths), expand: 4 },
  };
}

/** The largest size of a head that divides every width. */
function headChannelsOf(widths: readonly number[]): number {
  for (let size = WIDEST_HEAD; size > 1; size--) if (widths.every((width) => width % size === 0)) return size;
  return 1;
}
