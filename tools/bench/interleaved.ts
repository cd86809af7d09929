// How the benchmarks measure times: in rounds that take all subjects in turn, so that other load on the machine affects all of them equally.

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
