import { packed, type Span } from '../../charts/bars.ts'
import type { ExperimentTimeline, TimelineItem } from '../../api/generated/schema.d.ts'

/** A step on the chart of its run. All times are milliseconds. */
export type Bar = Span & {
  item: TimelineItem
  /** Since when its plates waited; its own start if they did not. */
  waitedFrom: number
  start: number
  /** Its finish, or now. */
  end: number
  /** When half of such steps are over, and until when they are at the confidence. Null without earlier ones. */
  medianAt: number | null
  boundAt: number | null
  isOver: boolean
  isPastBound: boolean
}

export type Lane = { name: string, rows: number, bars: { span: Bar, row: number }[] }

export type Grouping = 'device' | 'plate'

/** The steps as bars, against what was promised of them when the run began. */
export function barsOf ({ items, now }: Pick<ExperimentTimeline, 'items' | 'now'>): Bar[] {
  return items.map((item) => {
    const { step, predicted, waited_seconds } = item
    const start = Date.parse(step.start)
    const isOver = step.finish !== null
    const end = Math.max(start, Date.parse(step.finish ?? now))
    const boundAt = predicted === null ? null : start + predicted.bound_seconds * 1000
    const medianAt = predicted === null ? null : start + predicted.median_seconds * 1000
    const waitedFrom = start - (waited_seconds ?? 0) * 1000
    return {
      item, start, end, waitedFrom, medianAt, boundAt, isOver, isPastBound: boundAt !== null && end > boundAt,
      from: waitedFrom, to: Math.max(end, boundAt ?? 0)
    }
  })
}

/** The bars in lanes, a device or a plate each. A step with two plates is in the lanes of both. */
export function lanesOf (bars: readonly Bar[], by: Grouping): Lane[] {
  const lanes = new Map<string, Bar[]>()
  for (const bar of bars) {
    const { device, containers } = bar.item.step
    const names = by === 'device' ? [device] : containers.length === 0 ? ['no plate'] : containers.map(({ barcode, named }) => barcode ?? named)
    for (const name of names) lanes.set(name, [...lanes.get(name) ?? [], bar])
  }
  return [...lanes].map(([name, bars]) => {
    const { rows, placed } = packed(bars)
    return { name, rows, bars: placed }
  })
}

/** What the chart shows, as a sentence. */
export function findingOf (bars: readonly Bar[], clock: (seconds: number) => string): string {
  const judged = bars.filter(({ boundAt }) => boundAt !== null)
  const past = judged.filter(({ isPastBound }) => isPastBound)
  const waited = bars.reduce((sum, { start, waitedFrom }) => sum + start - waitedFrom, 0) / 1000
  const kept = judged.length === 0 ? 'No step of this run could be predicted: no such steps had ended before'
    : past.length === 0 ? `All ${judged.length} steps that could be predicted kept their bound`
      : `${past.length} of ${judged.length} steps took longer than promised`
  return waited < 1 ? `${kept}.` : `${kept}. Plates waited ${clock(waited)} between steps.`
}
