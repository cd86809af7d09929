// How the benchmarks measure times: in rounds that take all subjects in turn, so that what else the machine does affects all of them.

/** Milliseconds of each call, by the name of the subject. The first `warmUp` rounds are dropped. */
export async function interleaved (
  subjects: Record<string, () => Promise<unknown>>, { rounds, warmUp }: { rounds: number, warmUp: number }
): Promise<Map<string, number[]>> {
  const times = new Map(Object.keys(subjects).map((name) => [name, [] as number[]]))
  for (let round = -warmUp; round < rounds; round++) {
    for (const [name, call] of Object.entries(subjects)) {
      const began = performance.now()
      await call()
      if (round >= 0) times.get(name)!.push(performance.now() - began)
    }
  }
  return times
}

/** The value below which the share p of the values lies. */
export function quantile (values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]
  if (value === undefined) throw new Error('There are no values.')
  return value
}

export function median (values: readonly number[]): number {
  return quantile(values, 0.5)
}
