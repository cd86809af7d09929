import type { EstimatedKind, StepKindHistory, StepKindTrend } from '../../api/generated/schema.d.ts'
import { placeText } from '../../parts/name.tsx'

type Named = Pick<EstimatedKind | StepKindHistory, 'kind' | 'device' | 'fct' | 'protocol' | 'origin' | 'destination'>

/** A kind of step in words: "Washer · wash (3x PBS)", "Arm: Hotel1 · 3 → Washer · 0". */
export function kindLabel ({ kind, device, fct, protocol, origin, destination }: Named): string {
  if (kind === 'move' && origin !== null && destination !== null) return `${device}: ${placeText(origin)} → ${placeText(destination)}`
  return `${device} · ${fct ?? kind}${protocol === null ? '' : ` (${protocol})`}`
}

export const trendWords: Readonly<Record<StepKindTrend, string>> = { steady: '→ steady', slower: '◆ ↗ slower', faster: '↘ faster' }

/** What the table of kinds shows, as a sentence. */
export function kindsFinding (kinds: readonly EstimatedKind[], hasMore: boolean): string {
  const count = (trend: StepKindTrend): number => kinds.filter((one) => one.trend === trend).length
  const [slower, faster] = [count('slower'), count('faster')]
  const of = `${kinds.length}${hasMore ? ' or more' : ''} kinds of step`
  if (slower + faster === 0) return `None of ${of} became slower or faster.`
  return [slower === 0 ? '' : `${slower} of ${of} became slower.`, faster === 0 ? '' : `${faster} of ${of} became faster.`].filter((one) => one !== '').join(' ')
}

/** What the history of a kind shows, as a sentence. */
export function historyFinding ({ points, regimes }: StepKindHistory, clock: (seconds: number) => string): string {
  const judged = points.filter(({ duration_seconds, bound_seconds }) => duration_seconds !== null && bound_seconds !== null)
  const past = judged.filter(({ duration_seconds, bound_seconds }) => duration_seconds! > bound_seconds!).length
  const [last, before] = [regimes.at(-1), regimes.at(-2)]
  const level = last === undefined ? 'Too few such steps have ended to say how long they take.'
    : before === undefined ? `Half of such steps take at most ${clock(last.median_seconds)}, all the time.`
      : `Half of such steps take at most ${clock(last.median_seconds)} now, and took ${clock(before.median_seconds)} before.`
  return judged.length === 0 ? level : `${level} ${past} of ${judged.length} took longer than their bound.`
}
