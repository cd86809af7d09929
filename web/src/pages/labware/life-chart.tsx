import { useLocation } from 'wouter'
import type { ContainerEvent } from '../../api/generated/schema.d.ts'
import { packed } from '../../charts/bars.ts'
import { Figure } from '../../charts/figure.tsx'
import { Box, Gantt, Label } from '../../charts/gantt.tsx'
import { timeScale } from '../../charts/time-axis.tsx'
import { useNow } from '../../lab/lab-context.ts'
import { Key } from '../../parts/key.tsx'
import { Name } from '../../parts/name.tsx'
import { useSearch } from '../../parts/search.ts'
import type { TableColumn } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { lifeFinding, type LifeSpan, spansOf } from './lanes.ts'

const lanes = ['place', 'lid', 'steps'] as const
const widest = 16

const columns: readonly TableColumn<LifeSpan>[] = [
  { name: 'Lane', cell: ({ lane }) => lane, text: ({ lane }) => lane },
  { name: 'What', cell: ({ what }) => <Name>{what}</Name>, text: ({ what }) => what },
  { name: 'From', cell: ({ from }) => <Moment at={new Date(from).toISOString()} />, text: ({ from }) => new Date(from).toISOString() },
  { name: 'For', cell: ({ from, to }) => clockOf((to - from) / 1000), text: ({ from, to }) => (to - from) / 1000 }
]

/** The life of a container as lanes: where it was, where its lid was, what was done with it. */
export function LifeChart ({ id, events }: { id: string, events: readonly ContainerEvent[] }) {
  const now = useNow()
  const [, go] = useLocation()
  const [search, change] = useSearch()
  const spans = spansOf(events, now)
  if (spans.length === 0) return null
  const zoom = Math.min(widest, Math.max(1, Number(search.get('zoom') ?? 1) || 1))
  const scale = timeScale(spans.reduce((least, { from }) => Math.min(least, from), Infinity), now)
  return (
    <Figure
      finding={lifeFinding(spans, clockOf)} name="life" call={`/api/containers/${id}/history`} columns={columns} rows={spans} keyOf={({ lane, from, stepId }) => `${lane} ${from} ${stepId}`}
      tools={(
        <>
          <Key aria-label="Show less time, larger" isOff={zoom >= widest} onClick={() => change('zoom', String(zoom * 2))}>+</Key>
          <Key aria-label="Show more time, smaller" isOff={zoom <= 1} onClick={() => change('zoom', String(zoom / 2))}>−</Key>
        </>
      )}
    >
      <Gantt
        scale={scale} zoom={zoom}
        lanes={lanes.map((name) => {
          const { rows, placed } = packed(spans.filter(({ lane }) => lane === name))
          return {
            name, rows,
            marks: placed.map(({ span: { what, from, to, stepId }, row }) => (
              <g key={`${from} ${stepId}`}>
                <Box
                  scale={scale} from={from} to={to} row={row} kind={name === 'steps' ? 'actual' : what === 'none' || what === 'off the platform' ? 'waiting' : 'stood'}
                  title={`${what}, ${clockOf((to - from) / 1000)}`} onOpen={stepId === null ? undefined : () => go(`/steps/${stepId}`)}
                />
                {name === 'steps' ? null : <Label scale={scale} from={from} to={to} row={row}>{what}</Label>}
              </g>
            ))
          }
        })}
      />
    </Figure>
  )
}
