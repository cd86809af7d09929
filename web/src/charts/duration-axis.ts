import { scaleLog, type ScaleLogarithmic } from 'd3-scale'

export type DurationScale = ScaleLogarithmic<number, number>

/** The shortest that a logarithmic axis shows, in seconds. */
const shortest = 0.1

/** From seconds to the length of an axis. Steps of a second and of a day are on one chart, so it is logarithmic. */
export function durationScale (seconds: readonly number[], range: readonly [number, number]): DurationScale {
  const all = seconds.map((one) => Math.max(shortest, one))
  const [least, most] = [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), shortest)]
  return scaleLog().domain([(Number.isFinite(least) ? least : shortest) / 1.5, most * 1.5]).range([...range]).clamp(true)
}

/** Durations that people have a word for. */
const round = [0.1, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800]

/** The round durations inside of an axis. */
export function durationTicks (scale: DurationScale): number[] {
  const [from, to] = scale.domain() as [number, number]
  return round.filter((seconds) => seconds >= from && seconds <= to)
}

export function durationText (seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${seconds / 60} min`
  return seconds < 86_400 ? `${seconds / 3600} h` : `${seconds / 86_400} d`
}
