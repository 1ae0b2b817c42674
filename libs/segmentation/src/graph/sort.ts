/**
 * The order that sorts `size` pairs by (u, v): two stable counting sorts, linear in pairs and ids.
 *
 * @param u first keys, all <= largest
 * @param v second keys, all <= largest
 */
export function sortByPair(u: Uint32Array, v: Uint32Array, size: number, largest: number): Uint32Array {
  const order = new Uint32Array(size);
  for (let i = 0; i < size; i++) order[i] = i;
  return countingSort(countingSort(order, v, largest), u, largest);
}

function countingSort(order: Uint32Array, keys: Uint32Array, largest: number): Uint32Array {
  const next = new Uint32Array(largest + 2);
  for (let i = 0; i < order.length; i++) next[keys[order[i]] + 1] += 1;
  for (let key = 1; key < next.length; key++) next[key] += next[key - 1];
  const sorted = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) {
    const item = order[i];
    sorted[next[keys[item]]++] = item;
  }
  return sorted;
}
