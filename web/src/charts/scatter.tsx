import { durationScale, durationText, durationTicks } from './duration-axis.ts'
import { percent, TimeAxis, TimeLines, timeScale } from './time-axis.tsx'

export type Point = {
  key: string, at: number, seconds: number, bound: number | null, kind: 'done' | 'failed' | 'corrected', title: string, onOpen: () => void
}
export type Level = { from: number, to: number, seconds: number }

const height = 280

/** Durations over time, with the bound that each had and the levels between changes. */
export function Scatter ({ points, levels }: { points: readonly Point[], levels: readonly Level[] }) {
  const times = [...points.map(({ at }) => at), ...levels.flatMap(({ from, to }) => [from, to])]
  const x = timeScale(times.reduce((a, b) => Math.min(a, b), Infinity), times.reduce((a, b) => Math.max(a, b), 0))
  const durations = [...points.flatMap(({ seconds, bound }) => bound === null ? [seconds] : [seconds, bound]), ...levels.map(({ seconds }) => seconds)]
  const y = durationScale(durations, [height - 4, 4])
  return (
    <div className="scatter" aria-hidden="true">
      <svg width="100%" height={height}>
        <TimeLines scale={x} />
        {durationTicks(y).map((tick) => (
          <g key={tick}>
            <line className="tick" x1="0" x2="100%" y1={y(tick)} y2={y(tick)} />
            <text className="tick-text" x="2" y={y(tick) - 3}>{durationText(tick)}</text>
          </g>
        ))}
        {levels.map(({ from, to, seconds }) => (
          <line key={from} className="level" x1={percent(x(from))} x2={percent(x(to))} y1={y(seconds)} y2={y(seconds)} />
        ))}
        {points.map((point) => {
          const { key, at, seconds, bound } = point
          return <Mark key={key} point={point} x={percent(x(at))} y={y(seconds)} bound={bound === null ? null : y(bound)} />
        })}
      </svg>
      <TimeAxis scale={x} />
    </div>
  )
}

type MarkProps = { point: Point, x: string, y: number, bound: number | null }

function Mark ({ point: { kind, title, onOpen }, x, y, bound }: MarkProps) {
  return (
    <g onClick={onOpen}>
      {bound === null ? null : <text className="bound-mark" x={x} dx="-4" y={bound + 4}>–</text>}
      {kind === 'failed' ? <text className="failed-mark" x={x} dx="-5" y={y + 5}>×</text> : <circle className={`dot is-${kind}`} cx={x} cy={y} r="4" />}
      <title>{title}</title>
    </g>
  )
}
