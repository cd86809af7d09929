// A simple, slow estimator in memory: the rank bound of the samples at the most specific level that has any, with readable
// match keys. It is independent of the service, to check it.

type Data = Record<string, unknown>
export type PlainStep = {
  kind?: string, device: string, data?: Data
  origin?: { device: string, position?: number }, destination?: { device: string, position?: number }
}

const leftOut = new Set(['fct', 'type', 'executor', 'label', 'name', 'duration'])

/** The match keys, most specific first; null if the step lacks a value that the level compares. */
export function plainKeys ({ kind, device, data = {}, origin, destination }: PlainStep): (string | null)[] {
  if (kind === 'move') {
    const at = (end: PlainStep['origin']) => `${end?.device}:${end?.position}`
    return [`slots ${device} ${at(origin)} ${at(destination)}`, null, `pair ${origin?.device} ${destination?.device}`, `to ${device} ${destination?.device}`]
  }
  const fct = String(data.fct)
  const parameters = Object.entries(data).filter(([key]) => !leftOut.has(key)).map(([key, value]) => `${key}=${JSON.stringify(value)}`).sort().join('&')
  const protocol = typeof data.protocol === 'string' ? data.protocol.split(/[\\/]/).at(-1)! : null
  return [
    `parameters ${fct} ${device} ${parameters}`,
    protocol === null ? null : `device_protocol ${fct} ${device} ${protocol}`,
    protocol === null ? null : `protocol ${fct} ${protocol}`,
    `device_function ${fct} ${device}`,
    `function ${fct}`
  ]
}

/** The k-th smallest of n samples, k = ceil(c (n + 1)), or the largest if k > n. `enough` says whether k <= n. */
export function plainRank (samples: readonly number[], confidence: number): { seconds: number, enough: boolean } {
  const sorted = [...samples].sort((a, b) => a - b)
  const k = Math.ceil(confidence * (sorted.length + 1) - 1e-9)
  return { seconds: sorted[Math.min(k, sorted.length) - 1]!, enough: k <= sorted.length }
}

export class PlainHistory {
  readonly #samples = new Map<string, number[]>()

  /** All samples of the most specific key that has any, oldest first; `alike` is false for levels that mix programs or origins. */
  of (step: PlainStep): { key: string, samples: readonly number[], alike: boolean } | null {
    const key = plainKeys(step).find((candidate) => candidate !== null && this.#samples.has(candidate))
    return key == null ? null : { key, samples: this.#samples.get(key)!, alike: !/^(device_function|function|to) /.test(key) }
  }

  learn (step: PlainStep, seconds: number): void {
    for (const key of plainKeys(step)) {
      if (key === null) continue
      const samples = this.#samples.get(key)
      if (samples === undefined) this.#samples.set(key, [seconds])
      else samples.push(seconds)
    }
  }
}
