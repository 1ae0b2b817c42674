/** A stream of random numbers; every draw is a function of the seed and the stream's name alone. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform 32-bit word. */
  word(): number;
}

/** Mixes the bits of a 32-bit word so that neighbouring inputs give unrelated outputs. */
export function mixBits(word: number): number {
  let x = word >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/**
 * A named stream of a seed. Streams are independent, so that adding an organelle does not move a neuron.
 * The generator is SFC32: small, fast, and without the correlations of a linear congruence.
 */
export function randomStream(seed: number, name: string): Random {
  let key = 0x9e3779b9;
  for (const character of name) key = mixBits(key ^ character.charCodeAt(0));
  let a = mixBits(seed >>> 0);
  let b = mixBits(Math.floor(seed / 2 ** 32) ^ key);
  let c = key;
  let counter = 1;
  const word = (): number => {
    const t = (((a + b) >>> 0) + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + t) >>> 0;
    return t;
  };
  for (let i = 0; i < 16; i++) word();
  const uniform = (): number => word() / 2 ** 32;
  return {
    word,
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
