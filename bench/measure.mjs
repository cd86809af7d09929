// How the benchmarks time: in rounds that take all subjects in turn, so that what the machine does meanwhile hits all alike.
import { performance } from 'node:perf_hooks'

/** Milliseconds of each call, by subject: `{ name: [ms, ...] }`. The first `warmUp` rounds are not kept. */
export async function interleaved (subjects, { rounds, warmUp }) {
  const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]))
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, call] of Object.entries(subjects)) {
      const began = performance.now()
      await call()
      if (round >= 0) times[name].push(performance.now() - began)
    }
  }
  return times
}

/** The value below which the share p of the values lies. */
export function quantile (values, p) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]
}
