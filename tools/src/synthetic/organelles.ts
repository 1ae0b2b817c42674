import { BodyLayer, type Ball } from './bodies.ts';
import type { Neurite } from './neurites.ts';
import type { Grid, Partition } from './partition.ts';
import type { Random } from './random.ts';
import { TISSUE } from './tissue.ts';
import type { Warp } from './warp.ts';

/** Fills neurons with what the electron beam shows: see TISSUE for sizes, densities and grey levels. */
export function growOrganelles(
  grid: Grid,
  partition: Partition,
  warp: Warp,
  neurites: readonly Neurite[],
  random: Random,
): BodyLayer {
  const layer = new BodyLayer(grid, partition, warp);
  for (const neurite of neurites) {
    const course = followCourse(neurite);
    addMitochondria(layer, neurite, course, random);
    addLysosomes(layer, neurite, course, random);
    addReticulum(layer, neurite, course, random);
  }
  addSynapses(layer, grid, partition, warp, neurites, random);
  for (const neurite of neurites) addMicrotubules(layer, neurite, followCourse(neurite), random);
  return layer;
}

/** A neurite's way: length so far, and two directions across it that turn as little as possible. */
interface Course {
  readonly step: number;
  readonly length: number;
  /** The point at sample i, displaced across by (u, v) nm. */
  offset(i: number, u: number, v: number): [number, number, number];
}

function followCourse({ points, radii }: Neurite): Course {
  const samples = radii.length;
  const along = (i: number, d: number): number =>
    points[3 * Math.min(samples - 1, i + 1) + d] - points[3 * Math.max(0, i - 1) + d];
  const across = new Float64Array(6 * samples);
  let u = [0.36, 0.48, 0.8];
  let step = 0;
  for (let i = 0; i < samples; i++) {
    const t = unit([along(i, 0), along(i, 1), along(i, 2)]);
    const inside = u[0] * t[0] + u[1] * t[1] + u[2] * t[2];
    u = unit([u[0] - inside * t[0], u[1] - inside * t[1], u[2] - inside * t[2]]);
    const v = [t[1] * u[2] - t[2] * u[1], t[2] * u[0] - t[0] * u[2], t[0] * u[1] - t[1] * u[0]];
    across.set([...u, ...v], 6 * i);
    if (i === 1) step = Math.sqrt([0, 1, 2].reduce((sum, d) => sum + (points[3 + d] - points[d]) ** 2, 0));
  }
  const coordinate = (i: number, d: number, a: number, b: number): number =>
    points[3 * i + d] + a * across[6 * i + d] + b * across[6 * i + 3 + d];
  return {
    step: step || 1,
    length: samples * step,
    offset: (i, a, b) => [coordinate(i, 0, a, b), coordinate(i, 1, a, b), coordinate(i, 2, a, b)],
  };
}

function addMitochondria(layer: BodyLayer, { neuron, radii }: Neurite, course: Course, random: Random): void {
  const { minimumRadius, maximumRadius, rim, matrix, cristaPitch, spacing } = TISSUE.mitochondrion;
  for (let i = 0; i < radii.length; i++) {
    if (random.uniform() * spacing > 1.6 * course.step) continue;
    const end = Math.min(radii.length, i + Math.ceil(random.between(300, 1500) / course.step));
    const angle = random.between(0, 2 * Math.PI);
    const chain: Ball[] = [];
    const girth = random.between(0.5, 0.72);
    for (let j = i; j < end && radii[j] * girth >= minimumRadius; j += 2) {
      const radius = Math.min(maximumRadius, girth * radii[j]) * random.between(0.9, 1.1);
      const aside = 0.7 * Math.max(0, radii[j] - radius - TISSUE.membraneGap);
      chain.push({ at: course.offset(j, aside * Math.cos(angle), aside * Math.sin(angle)), radius });
    }
    if (chain.length < 2) continue;
    const way = unit([random.normal(), random.normal(), random.normal()]);
    const pace = (2 * Math.PI) / (cristaPitch * random.between(0.85, 1.2));
    const matrixLevel = matrix + 5 * random.normal();
    layer.add(
      {
        neuron,
        rim,
        rimWidth: 16,
        lumen: matrixLevel,
        gap: TISSUE.membraneGap,
        plates: { wave: [pace * way[0], pace * way[1], pace * way[2]], height: random.between(5, 11) },
      },
      chain,
    );
    i = end + 4;
  }
}

function addLysosomes(layer: BodyLayer, { neuron, radii }: Neurite, course: Course, random: Random): void {
  const { minimumRadius, maximumRadius, level } = TISSUE.lysosome;
  for (let i = 0; i < radii.length; i++) {
    if (radii[i] < 1.4 * minimumRadius || random.uniform() > course.step / 5000) continue;
    const radius = Math.min(0.7 * radii[i], random.between(minimumRadius, maximumRadius));
    const at = course.offset(i, 0.3 * radii[i] * random.normal(), 0.3 * radii[i] * random.normal());
    const lumen = level + 12 * random.normal();
    layer.add({ neuron, rim: level - 8, rimWidth: 14, lumen, gap: TISSUE.membraneGap }, [{ at, radius }]);
  }
}

function addReticulum(layer: BodyLayer, { neuron, radii }: Neurite, course: Course, random: Random): void {
  const { radius, rim, lumen, spacing } = TISSUE.reticulum;
  for (let i = 0; i < radii.length; i++) {
    if (radii[i] < 65 || random.uniform() > course.step / spacing) continue;
    const end = Math.min(radii.length, i + Math.ceil(random.between(200, 900) / course.step));
    let [u, v] = [0.45 * radii[i] * random.normal(), 0.45 * radii[i] * random.normal()];
    const chain: Ball[] = [];
    for (let j = i; j < end; j++) {
      u = 0.9 * u + 0.2 * radii[j] * random.normal();
      v = 0.9 * v + 0.2 * radii[j] * random.normal();
      chain.push({ at: course.offset(j, u, v), radius: radius * random.between(0.8, 1.4) });
    }
    layer.add({ neuron, rim, rimWidth: 11, lumen, gap: TISSUE.membraneGap }, chain);
  }
}

function addMicrotubules(layer: BodyLayer, { neuron, radii }: Neurite, course: Course, random: Random): void {
  const { radius, level, pitch } = TISSUE.microtubule;
  const middle = radii[radii.length >> 1];
  if (course.length < 400 || middle < 60) return;
  const count = Math.min(24, Math.round((1.6 * middle * middle) / (pitch * pitch) + random.uniform()));
  for (let tubule = 0; tubule < count; tubule++) {
    const angle = random.between(0, 2 * Math.PI);
    const part = 0.72 * Math.sqrt(random.uniform());
    const start = Math.floor(random.uniform() * 0.3 * radii.length);
    const chain: Ball[] = [];
    for (let i = start; i < radii.length - 1; i += 2) {
      // tubules keep their place in the bundle, whatever the neurite's girth does
      const aside = part * Math.min(radii[i], 1.3 * middle);
      chain.push({ at: course.offset(i, aside * Math.cos(angle), aside * Math.sin(angle)), radius });
    }
    if (chain.length > 2)
      layer.add({ neuron, rim: level, rimWidth: 2, lumen: level, gap: TISSUE.membraneGap }, chain);
  }
}

function addSynapses(
  layer: BodyLayer,
  grid: Grid,
  { owner, border }: Partition,
  warp: Warp,
  neurites: readonly Neurite[],
  random: Random,
): void {
  const { volume, densityRadius, densityLevel, cloudRadius, vesicles } = TISSUE.synapse;
  const [, height, width] = grid.shape;
  const space = owner.length * grid.pitch[0] * grid.pitch[1] * grid.pitch[2];
  const thick = new Set(
    neurites.filter(({ radii }) => radii.some((radius) => radius > 90)).map(({ neuron }) => neuron),
  );
  const place = new Float64Array(3);
  /** A voxel's centre in the warped space. */
  const locate = (v: number): [number, number, number] => {
    const z = Math.floor(v / (height * width));
    const y = Math.floor(v / width) % height;
    const shift = [0, grid.shift[2 * z], grid.shift[2 * z + 1]];
    const [pz, py, px] = [z, y, v % width].map((i, d) => (i + 0.5) * grid.pitch[d] + shift[d]);
    warp.apply(pz, py, px, place);
    return [place[0], place[1], place[2]];
  };
  let wanted = Math.round(space / (volume * 1e9) + random.uniform() - 0.5);
  for (let trial = 0; trial < 4000 && wanted > 0; trial++) {
    const site = Math.floor(random.uniform() * owner.length);
    const neuron = owner[site];
    if (border[site] > 26 || border[site] < 12 || !thick.has(neuron)) continue;
    wanted--;
    const at = locate(site);
    const density = { neuron, rim: densityLevel, rimWidth: 4, lumen: densityLevel, gap: 0 };
    layer.add(density, [{ at, radius: densityRadius * random.between(0.8, 1.5) }]);
    for (let vesicle = 0; vesicle < vesicles; vesicle++) {
      const away = unit([random.normal(), random.normal(), random.normal()]);
      const reach = cloudRadius * Math.cbrt(random.between(0.02, 1));
      const centre: [number, number, number] = [
        at[0] + reach * away[0],
        at[1] + reach * away[1],
        at[2] + reach * away[2],
      ];
      if (random.uniform() < 0.06) {
        const { radius, level } = TISSUE.denseCore;
        layer.add({ neuron, rim: level, rimWidth: 8, lumen: level, gap: TISSUE.membraneGap }, [
          { at: centre, radius },
        ]);
      } else {
        const { radius, rim, lumen } = TISSUE.vesicle;
        layer.add({ neuron, rim, rimWidth: 11, lumen, gap: TISSUE.membraneGap - 6 }, [
          { at: centre, radius },
        ]);
      }
    }
  }
}

function unit(vector: readonly number[]): [number, number, number] {
  const length = Math.sqrt(vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2) || 1;
  return [vector[0] / length, vector[1] / length, vector[2] / length];
}
