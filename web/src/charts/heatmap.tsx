import { percent } from './time-axis.tsx'

type Cell = { key: string, share: number, title: string }

/** Rows of cells: the darker, the more. The table beside it has the numbers. */
export function Heatmap ({ rows, labels }: { rows: readonly { name: string, cells: readonly Cell[] }[], labels: readonly string[] }) {
  const width = 100 / Math.max(1, labels.length)
  const every = Math.ceil(labels.length / 8)
  return (
    <div className="gantt">
      <div className="lane">
        <span />
        <div className="axis" aria-hidden="true">{labels.map((label, n) => n % every === 0 ? <span key={label} style={{ left: percent(n * width) }}>{label}</span> : null)}</div>
      </div>
      {rows.map(({ name, cells }) => (
        <div key={name} className="lane">
          <span className="lane-name"><bdi>{name}</bdi></span>
          <svg aria-hidden="true" width="100%" height="26">
            {cells.map(({ key, share, title }, n) => (
              <g key={key}>
                <rect className="cell" x={percent(n * width)} width={percent(width)} y="1" height="24" />
                {share === 0 ? null : <rect className="heat" x={percent(n * width)} width={percent(width)} y="1" height="24" fillOpacity={0.15 + 0.85 * Math.min(1, share)} />}
                <title>{title}</title>
              </g>
            ))}
          </svg>
        </div>
      ))}
    </div>
  )
}
