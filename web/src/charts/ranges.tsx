import { durationScale, durationText, durationTicks } from './duration-axis.ts'
import { percent } from './time-axis.tsx'

type Row = { key: string, name: string, from: number, to: number, isLate: boolean }

/** What is usual, and the bound: a line for each row, on one logarithmic axis. */
export function Ranges ({ rows }: { rows: readonly Row[] }) {
  const scale = durationScale(rows.flatMap(({ from, to }) => [from, to]), [0, 100])
  const ticks = durationTicks(scale)
  return (
    <div className="gantt is-named-wide">
      <div className="lane"><span /><div className="axis" aria-hidden="true">{ticks.map((tick) => <span key={tick} style={{ left: percent(scale(tick)) }}>{durationText(tick)}</span>)}</div></div>
      {rows.map(({ key, name, from, to, isLate }) => (
        <div key={key} className="lane">
          <span className="lane-name"><bdi>{name}</bdi></span>
          <svg aria-hidden="true" width="100%" height="22">
            {ticks.map((tick) => <line key={tick} className="tick" x1={percent(scale(tick))} x2={percent(scale(tick))} y1="0" y2="100%" />)}
            <line className="range" x1={percent(scale(from))} x2={percent(scale(to))} y1="11" y2="11" />
            <circle className="dot" cx={percent(scale(from))} cy="11" r="5" />
            <line className="is-bound" x1={percent(scale(to))} x2={percent(scale(to))} y1="3" y2="19" />
            {isLate ? <text className="sign" x={percent(scale(to))} dx="5" y="16">◆</text> : null}
          </svg>
        </div>
      ))}
    </div>
  )
}
