/**
 * A generator of random numbers in [0, 1). Equal seeds give equal numbers, so that a request can be repeated.
 * Source: the generator mulberry32 (T. Ettinger, public domain), seeded by an FNV-1a hash.
 */
export function seededRandom (seed: readonly number[]): () => number {
  let state = 0x811c9dc5
  for (const byte of new Uint8Array(Float64Array.from(seed).buffer)) state = Math.imul(state ^ byte, 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
