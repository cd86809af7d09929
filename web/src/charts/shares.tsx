import { scaleLinear } from 'd3-scale'
import { percent } from './time-axis.tsx'

type Row = { name: string, share: number, interval: readonly [number, number], isLate: boolean }

/** Shares with their intervals, against the share that was asked for. */
export function Shares ({ rows, asked }: { rows: readonly Row[], asked: number }) {
  const least = rows.reduce((least, { interval }) => Math.min(least, interval[0]), asked)
  const scale = scaleLinear().domain([Math.max(0, least - 0.02), 1.005]).range([0, 97]).nice(5)
  const at = (share: number): string => percent(scale(share))
  const ticks = scale.ticks(5).filter((tick) => tick <= 1)
  return (
    <div className="gantt is-named-wide">
      <div className="lane"><span /><div className="axis" aria-hidden="true">{ticks.map((tick) => <span key={tick} style={{ left: at(tick) }}>{Math.round(tick * 1000) / 10} %</span>)}</div></div>
      {rows.map(({ name, share, interval: [from, to], isLate }) => (
        <div key={name} className="lane">
          <span className="lane-name"><bdi>{name}</bdi></span>
          <svg aria-hidden="true" width="100%" height="22">
            {ticks.map((tick) => <line key={tick} className="tick" x1={at(tick)} x2={at(tick)} y1="0" y2="100%" />)}
            <line className="range" x1={at(from)} x2={at(to)} y1="11" y2="11" />
            <line className="is-bound" x1={at(asked)} x2={at(asked)} y1="1" y2="21" />
            <circle className="dot" cx={at(share)} cy="11" r="5" />
            {isLate ? <text className="sign" x={at(to)} dx="6" y="16">◆</text> : null}
          </svg>
        </div>
      ))}
    </div>
  )
}
