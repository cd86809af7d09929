import type { StepCounts } from '../../api/generated/schema.d.ts'

/** How many steps of a run are in which state: "12 done, 1 failed, 5 running". */
export function countsText ({ completed, failed, aborted, running, paused, lost }: StepCounts): string {
  const parts = [[completed, 'done'], [failed, 'failed'], [aborted, 'aborted'], [running, 'running'], [paused, 'paused'], [lost, 'lost']] as const
  const texts = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return texts.length === 0 ? 'no steps yet' : texts.join(', ')
}
