import type { ReactNode } from 'react'
import { percent, TimeAxis, TimeLines, type TimeScale } from './time-axis.tsx'

type Props = {
  scale: TimeScale
  /** How many times the chart is wider than the page. */
  zoom: number
  lanes: readonly { name: string, rows: number, marks: ReactNode }[]
  /** A line over all lanes, such as this moment. */
  at?: number | undefined
}

/** The height of a row of bars in pixels. */
export const rowHeight = 22

/** Lanes of bars over time, with the same axis above. It can be wider than the page; then it is scrolled inside. */
export function Gantt ({ scale, zoom, lanes, at }: Props) {
  return (
    <div className="gantt" {...zoom > 1 ? { role: 'region', 'aria-label': 'The chart, to scroll sideways', tabIndex: 0 } : {}}>
      <div className="wide" style={{ width: `${zoom * 100}%` }}>
        <div className="lane"><span /><TimeAxis scale={scale} count={6 * zoom} /></div>
        {lanes.map(({ name, rows, marks }) => (
          <div key={name} className="lane">
            <span className="lane-name"><bdi>{name}</bdi></span>
            <svg aria-hidden="true" width="100%" height={rows * rowHeight}>
              <TimeLines scale={scale} count={6 * zoom} />
              {marks}
              {at === undefined ? null : <line className="now" x1={percent(scale(at))} x2={percent(scale(at))} y1="0" y2="100%" />}
            </svg>
          </div>
        ))}
      </div>
    </div>
  )
}

type BoxProps = { scale: TimeScale, from: number, to: number, row: number, kind: string, title?: string | undefined, onOpen?: (() => void) | undefined }

/** A bar from one moment to another; at least a hairline. */
export function Box ({ scale, from, to, row, kind, title, onOpen }: BoxProps) {
  if (to < from) return null
  const [left, right] = [scale(from), scale(to)]
  return (
    <rect className={`bar is-${kind}`} x={percent(left)} width={percent(Math.max(0.15, right - left))} y={row * rowHeight + 3} height={rowHeight - 6} onClick={onOpen}>
      {title === undefined ? null : <title>{title}</title>}
    </rect>
  )
}

/** A mark at a moment of a row. */
export function Tick ({ scale, at, row, kind }: { scale: TimeScale, at: number, row: number, kind: string }) {
  return <line className={`is-${kind}`} x1={percent(scale(at))} x2={percent(scale(at))} y1={row * rowHeight + 1} y2={(row + 1) * rowHeight - 1} />
}

/** A sign behind a bar, for those who do not see its colour. */
export function Sign ({ scale, at, row, children }: { scale: TimeScale, at: number, row: number, children: string }) {
  return <text className="sign" x={percent(scale(at))} dx="3" y={(row + 1) * rowHeight - 6}>{children}</text>
}

/** The pixels that a letter needs about, on the narrowest screen. */
const widthOfChart = 300
const letter = 8

/** What a bar is, inside of it, where there is room. */
export function Label ({ scale, from, to, row, children }: { scale: TimeScale, from: number, to: number, row: number, children: string }) {
  const room = (scale(to) - scale(from)) / 100 * widthOfChart
  return room < children.length * letter ? null : <text className="bar-label" x={percent(scale(from))} dx="4" y={(row + 1) * rowHeight - 7}>{children}</text>
}
