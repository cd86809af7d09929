import { scaleTime, type ScaleTime } from 'd3-scale'

export type TimeScale = ScaleTime<number, number>

/** From moments to parts of the width, 0 to 100. A span of no length gets some. */
export function timeScale (from: number, to: number): TimeScale {
  return scaleTime().domain([from, Math.max(to, from + 1000)]).range([0, 100])
}

/** As SVG takes it. */
export function percent (part: number): string {
  return `${Math.round(part * 1000) / 1000}%`
}

const second = 1000
const hour = 3_600_000

/** The moments above or below a chart. */
export function TimeAxis ({ scale, count = 6 }: { scale: TimeScale, count?: number }) {
  const [from, to] = scale.domain() as [Date, Date]
  const span = to.getTime() - from.getTime()
  const format = new Intl.DateTimeFormat('sv-SE', span > 48 * hour ? { month: '2-digit', day: '2-digit' } : { hour: '2-digit', minute: '2-digit', ...span < 600 * second ? { second: '2-digit' } : {} })
  return (
    <div className="axis" aria-hidden="true">
      {scale.ticks(count).map((tick) => <span key={tick.getTime()} style={{ left: percent(scale(tick)) }}>{format.format(tick)}</span>)}
    </div>
  )
}

/** Lines at the ticks of the axis, inside an SVG. */
export function TimeLines ({ scale, count = 6 }: { scale: TimeScale, count?: number }) {
  return <>{scale.ticks(count).map((tick) => <line key={tick.getTime()} className="tick" x1={percent(scale(tick))} x2={percent(scale(tick))} y1="0" y2="100%" />)}</>
}
