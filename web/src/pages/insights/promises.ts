import type { Calibration, CalibrationScore } from '../../api/generated/schema.d.ts'

/** The Wilson interval of a share at 95 %: where the true share probably is. */
export function intervalOf (share: number, count: number): [number, number] {
  const z = 1.96
  const middle = (share + z * z / (2 * count)) / (1 + z * z / count)
  const half = z * Math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}

/** Whether a group clearly keeps fewer bounds than was asked for. */
export function isBroken ({ coverage, answered }: CalibrationScore, asked: number): boolean {
  return coverage !== null && intervalOf(coverage, answered)[1] < asked
}

export function percentText (share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

/** What the chart shows, as a sentence. */
export function promisesFinding ({ confidence, overall, groups }: Calibration): string {
  if (overall.coverage === null) return 'No step has ended yet of which a bound was known.'
  const broken = groups.filter((group) => isBroken(group, confidence)).length
  const kept = `Asked for ${percentText(confidence)}, ${percentText(overall.coverage)} of ${overall.answered} bounds were kept.`
  return broken === 0 ? kept : `${kept} ${broken} of ${groups.length} groups clearly keep fewer.`
}
