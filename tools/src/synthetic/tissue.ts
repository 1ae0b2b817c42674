/**
 * The tissue and the microscope, in physical units. Lengths are in nm and come from the literature on insect neuropil and FIB-SEM; grey
 * levels are those of an 8-bit image whose cytoplasm is mid-grey. Contrast, texture and the width of membranes are of the size measured in
 * a public FIB-SEM volume of insect brain (FIB-25). Nothing here was fitted to a network, and no network was fitted to it: change a value
 * for its physics, not for a score.
 */
export const TISSUE = {
  /** Bilayer, cleft, bilayer and the coats on them: what a 10 nm voxel shows as one dark line, two to three voxels wide. */
  membraneThickness: 28,
  membraneLevel: 84,
  /** The cytoskeleton under the membrane darkens the cytoplasm towards it. */
  cortex: { depth: 70, darkening: 16 },
  /** Each neuron's cytoplasm has its own density. */
  cytoplasmLevel: 160,
  cytoplasmSpread: 13,
  /** Ribosomes and filaments (fine), and slow changes of density (coarse): amplitude in grey levels, length in nm. */
  fineTexture: { amplitude: 9, length: 30 },
  coarseTexture: { amplitude: 7, length: 220 },
  /** Cytosol that organelles leave free at the membrane. */
  membraneGap: 20,
  mitochondrion: {
    minimumRadius: 55,
    maximumRadius: 165,
    rim: 92,
    matrix: 112,
    cristaPitch: 55,
    spacing: 1500,
  },
  vesicle: { radius: 19, rim: 102, lumen: 158 },
  denseCore: { radius: 34, level: 98 },
  lysosome: { minimumRadius: 60, maximumRadius: 110, level: 100 },
  reticulum: { radius: 17, rim: 112, lumen: 150, spacing: 1100 },
  microtubule: { radius: 11, level: 112, pitch: 85 },
  /** A presynaptic site: a dark density on the membrane with a cloud of vesicles behind it; one per so many cubic micrometres. */
  synapse: { volume: 0.35, densityRadius: 26, densityLevel: 72, cloudRadius: 170, vesicles: 32 },
} as const;

export const MICROSCOPE = {
  /** Standard deviation of the blur at an edge. */
  blur: 8.5,
  /** Shot noise at mid-grey, in grey levels; it grows with the root of the signal. */
  shotNoise: 5,
  /** Brightness and contrast differ from section to section: little in FIB-SEM, much in cut sections. */
  milled: { brightness: 0.8, contrast: 0.006, misalignment: 0 },
  cut: { brightness: 5, contrast: 0.05, misalignment: 0.7 },
} as const;
