import type { Estimate, EstimateMethod, MatchLevel } from '../../api/generated/schema.d.ts'

/** Of which steps an estimate is made, from the most similar to the least. */
export const levelWords: Readonly<Record<MatchLevel, string>> = {
  parameters: 'the same function, device and parameters', device_protocol: 'the same function, device and protocol', protocol: 'the same function and protocol, on any device',
  device_function: 'the same function and device', function: 'the same function, on any device', slots: 'the same mover between the same slots, with the same change of the lid',
  pair_lid_barcode: 'moves between the same devices, with the same change of the lid', pair: 'moves between the same devices', mover_destination: 'moves by the same mover to the same device'
}

/** How the bound was computed. */
export const methodWords: Readonly<Record<EstimateMethod, string>> = {
  rank: 'an order statistic: it holds for every distribution', substitute: 'a log-normal distribution, because there are too few steps, or one of them is an outlier',
  commanded: 'the commanded time only, because there are no such steps', overhead: 'the commanded time, and how much longer such steps take',
  max: 'the longest', mean: 'the mean', median: 'the median', none: 'nothing: there are no such steps'
}

/** An estimate in one sentence. */
export function estimateSentence ({ duration_seconds, confidence, median_seconds, sample_size }: Estimate, clock: (seconds: number) => string): string {
  if (duration_seconds === null) return 'Nothing is known of such steps: none has ended yet.'
  const half = median_seconds === null ? '' : ` Half of them take at most ${clock(median_seconds)}.`
  return `${Math.round(confidence * 100)} of 100 such steps take at most ${clock(duration_seconds)}.${half} This is from ${sample_size} ${sample_size === 1 ? 'step' : 'steps'}.`
}
