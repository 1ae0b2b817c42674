import type { BodyLayer } from './bodies.ts';
import { blurBox, noiseField, normalise, whiteNoise } from './noise.ts';
import type { Grid, Partition } from './partition.ts';
import { randomStream } from './random.ts';
import { MICROSCOPE, TISSUE } from './tissue.ts';

/** Grey levels of the tissue at every sample of the grid, before the detector. */
export function renderTissue(
  grid: Grid,
  partition: Partition,
  bordered: Uint8Array,
  layer: BodyLayer,
  membraneThickness: number,
  seed: number,
): Float32Array {
  const { shape, pitch, shift } = grid;
  const [depth, height, width] = shape;
  const { owner, border } = partition;
  const levels = randomStream(seed, 'cytoplasm');
  const neurons = owner.reduce((most, n) => Math.max(most, n), 0) + 1;
  const cytoplasm = Float32Array.from(
    { length: neurons },
    () => TISSUE.cytoplasmLevel + TISSUE.cytoplasmSpread * clipped(levels.normal()),
  );
  const { fineTexture, coarseTexture } = TISSUE;
  const fine = whiteNoise(randomStream(seed, 'fine texture'), owner.length);
  const reach = pitch.map((p) => Math.max(0, Math.round(fineTexture.length / p / 2)));
  for (let pass = 0; pass < 2; pass++) blurBox(fine, shape, reach);
  normalise(fine);
  const extent = shape.map((n, d) => n * pitch[d]);
  const coarse = noiseField(randomStream(seed, 'coarse texture'), [0, 0, 0], extent, coarseTexture.length);
  const half = membraneThickness / 2;
  const values = new Float32Array(owner.length);
  for (let z = 0, v = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, v++) {
        const pz = (z + 0.5) * pitch[0];
        const py = (y + 0.5) * pitch[1] + shift[2 * z];
        const px = (x + 0.5) * pitch[2] + shift[2 * z + 1];
        const slow = coarse.at(pz, py, px);
        const grain = fineTexture.amplitude * fine[v];
        const cortex = Math.max(0, 1 - border[v] / TISSUE.cortex.depth) ** 2;
        let value =
          cytoplasm[owner[v]] + grain + coarseTexture.amplitude * slow - cortex * TISSUE.cortex.darkening;
        const inside = edge(layer.distance[v]);
        if (inside > 0) {
          const { lumen, rim, rimWidth, plates } = layer.bodies[layer.nearest[v]];
          let filling = lumen + 0.6 * grain;
          if (plates) {
            const [wz, wy, wx] = plates.wave;
            filling += plates.height * Math.sin(wz * pz + wy * py + wx * px + 1.2 * slow);
          }
          value += inside * (filling - value);
          const wall = inside - edge(layer.distance[v] + rimWidth);
          value += wall * (rim - value);
        }
        if (bordered[v] !== 0) {
          const membrane = edge(border[v] - half) - edge(border[v] + half);
          value += membrane * (TISSUE.membraneLevel + 0.5 * grain - value);
        }
        values[v] = value;
      }
    }
  }
  return values;
}

/**
 * The detector: each section is the mean of the `thickness` planes it is thick, with its own brightness and contrast, and shot noise.
 * A membrane that runs obliquely through a thick section is smeared by that mean, as in the microscope.
 */
export function detect(
  values: Float32Array,
  sections: number,
  thickness: number,
  noise: number,
  seed: number,
): Uint8Array {
  const plane = values.length / (sections * thickness);
  const raw = new Uint8Array(sections * plane);
  const shot = randomStream(seed, 'shot noise');
  const drift = randomStream(seed, 'section drift');
  const { brightness, contrast } = thickness > 1 ? MICROSCOPE.cut : MICROSCOPE.milled;
  for (let section = 0; section < sections; section++) {
    const offset = brightness * clipped(drift.normal());
    const gain = 1 + contrast * clipped(drift.normal());
    const grains = whiteNoise(shot, plane);
    for (let i = 0; i < plane; i++) {
      let sum = 0;
      for (let t = 0; t < thickness; t++) sum += values[(section * thickness + t) * plane + i];
      const signal = Math.max(0, 128 + gain * (sum / thickness - 128) + offset);
      raw[section * plane + i] = Math.min(
        255,
        Math.max(0, Math.round(signal + noise * Math.sqrt(signal / 128) * grains[i])),
      );
    }
  }
  return raw;
}

/** Keeps a normal draw within two deviations: no neuron is as dark as its membrane. */
export function clipped(normal: number): number {
  return Math.min(2, Math.max(-2, normal));
}

const EDGE_STEPS = 8;
const EDGE_REACH = 40;
/** A logistic curve stands for the error function: within 1 % of it, and monotonic in one line. */
const EDGE = Float32Array.from({ length: 2 * EDGE_REACH * EDGE_STEPS + 1 }, (_, i) => {
  const distance = i / EDGE_STEPS - EDGE_REACH;
  return 1 / (1 + Math.exp((1.702 * distance) / MICROSCOPE.blur));
});

/** What the blurred image of a half-space shows at a signed distance (nm, negative inside): 1 inside, 0 outside. */
function edge(distance: number): number {
  if (distance > EDGE_REACH) return 0;
  if (distance < -EDGE_REACH) return 1;
  return EDGE[Math.round((distance + EDGE_REACH) * EDGE_STEPS)];
}
