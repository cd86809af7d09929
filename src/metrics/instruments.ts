/** The values of the labels of a sample, by label name. Values come from the code or from the lab, never from a request: their number must be bounded. */
export type Labels = Readonly<Record<string, string>>
/** One value. `suffix` is what the name of a part of a histogram adds to its name. */
export type Sample = { labels: Labels, value: number, suffix?: string }
/** What one name of `/metrics` stands for. */
export type Metric = { name: string, type: 'counter' | 'gauge' | 'histogram', help: string, samples: readonly Sample[] }

/** Counts for each set of labels. `N` are the names of the labels. */
export type Counter<N extends string> = { add: (labels: Readonly<Record<N, string>>, by?: number) => void }

/** A number that only grows while the process lives, one for each set of labels. */
export function countByLabels () {
  const values = new Map<string, Sample>()
  return {
    add (labels: Labels, by = 1): void {
      const key = Object.values(labels).join('\n')
      const known = values.get(key)
      if (known === undefined) values.set(key, { labels, value: by })
      else known.value += by
    },
    samples: (): readonly Sample[] => [...values.values()]
  }
}

/** The seconds of an HTTP request: most take milliseconds, a large read a second, a stream or a backup longer. */
export const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const
/** The seconds by which the event loop is late. */
export const delayBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const

/** Counts values by upper bounds, one histogram for each set of labels, as Prometheus wants it: each bucket has those below it, too. */
export function histogram (bounds: readonly number[]) {
  const values = new Map<string, { labels: Labels, counts: number[], sum: number }>()
  return {
    observe (labels: Labels, value: number): void {
      const key = Object.values(labels).join('\n')
      let known = values.get(key)
      if (known === undefined) values.set(key, known = { labels, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 })
      const bucket = bounds.findIndex((bound) => value <= bound)
      known.counts[bucket === -1 ? bounds.length : bucket]! += 1
      known.sum += value
    },
    samples: (): readonly Sample[] => [...values.values()].flatMap(({ labels, counts, sum }) => {
      let below = 0
      const buckets = counts.map((count, index) => {
        below += count
        return { labels: { ...labels, le: index === bounds.length ? '+Inf' : String(bounds[index]) }, value: below, suffix: '_bucket' }
      })
      return [...buckets, { labels, value: sum, suffix: '_sum' }, { labels, value: below, suffix: '_count' }]
    })
  }
}
