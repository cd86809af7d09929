import type { ContainerEvent, ContainerSituation } from '../../api/generated/schema.d.ts'
import type { Span } from '../../charts/bars.ts'

export type LaneName = 'place' | 'lid' | 'steps'

/** Something that was so for a while in the life of a container. */
export type LifeSpan = Span & { lane: LaneName, what: string, stepId: string | null }

/** Where it was, where its lid was, and what was done with it, from its history, oldest first. */
export function spansOf (events: readonly ContainerEvent[], now: number): LifeSpan[] {
  const spans: LifeSpan[] = []
  const open = new Map<LaneName, LifeSpan>()
  for (const { at, to, step } of events) {
    const time = Date.parse(at)
    if (step !== null) {
      const from = Date.parse(step.start)
      spans.push({ lane: 'steps', what: `${step.device} · ${step.name ?? step.fct ?? 'step'}`, from, to: Math.max(from, step.finish === null ? now : Date.parse(step.finish)), stepId: step.id })
    } else if (to !== null) {
      for (const [lane, what] of [['place', placeOf(to)], ['lid', lidOf(to)]] as const) {
        const before = open.get(lane)
        if (before?.what === what) continue
        if (before !== undefined) before.to = time
        const span = { lane, what, from: time, to: now, stepId: null }
        open.set(lane, span)
        spans.push(span)
      }
    }
  }
  return spans
}

const [missing, gone] = ['missing', 'off the platform'] as const

function placeOf ({ device, position, missing_since }: ContainerSituation): string {
  if (device !== null) return position === null ? device : `${device} · ${position}`
  return missing_since === null ? gone : missing
}

function lidOf ({ lidded, lid }: ContainerSituation): string {
  if (lidded) return 'on'
  return lid === null ? 'none' : `${lid.device}${lid.position === null ? '' : ` · ${lid.position}`}`
}

/** Where it stood longest, as a sentence. */
export function lifeFinding (spans: readonly LifeSpan[], clock: (seconds: number) => string): string {
  const seconds = new Map<string, number>()
  for (const { lane, what, from, to } of spans) if (lane === 'place') seconds.set(what, (seconds.get(what) ?? 0) + (to - from) / 1000)
  const longest = [...seconds].sort(([, a], [, b]) => b - a)[0]
  if (longest === undefined) return 'Nothing is known of where it was.'
  const whole = [...seconds.values()].reduce((sum, one) => sum + one, 0)
  const steps = spans.filter(({ lane }) => lane === 'steps').length
  return `Longest ${longest[0] === missing || longest[0] === gone ? '' : 'at '}${longest[0]}: ${clock(longest[1])} of ${clock(whole)}. ${steps === 0 ? 'No steps.' : `${steps} ${steps === 1 ? 'step' : 'steps'}.`}`
}
