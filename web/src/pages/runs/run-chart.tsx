import { useLocation } from 'wouter'
import type { ExperimentTimeline } from '../../api/generated/schema.d.ts'
import { Figure } from '../../charts/figure.tsx'
import { Box, Gantt, Sign, Tick } from '../../charts/gantt.tsx'
import { timeScale } from '../../charts/time-axis.tsx'
import { Key } from '../../parts/key.tsx'
import { Plates } from '../../parts/plates.tsx'
import { useSearch } from '../../parts/search.ts'
import { StepLink, stepLabel } from '../../parts/step-name.tsx'
import type { TableColumn } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { Name } from '../../parts/name.tsx'
import { barsOf, type Bar, findingOf, lanesOf } from './plan.ts'

const columns: readonly TableColumn<Bar>[] = [
  { name: 'Step', cell: ({ item: { step } }) => <StepLink step={step} />, text: ({ item: { step } }) => stepLabel(step) },
  { name: 'Device', cell: ({ item: { step } }) => <Name>{step.device}</Name>, text: ({ item: { step } }) => step.device },
  { name: 'Plates', cell: ({ item: { step } }) => <Plates of={step.containers} />, text: ({ item: { step } }) => step.containers.map(({ named }) => named).join(' ') },
  { name: 'Start', cell: ({ item: { step } }) => <Moment at={step.start} />, text: ({ item: { step } }) => step.start },
  { name: 'Waited', cell: ({ item: { waited_seconds } }) => waited_seconds === null ? '–' : clockOf(waited_seconds), text: ({ item: { waited_seconds } }) => waited_seconds },
  { name: 'Took', cell: (bar) => tookText(bar), text: ({ start, end }) => (end - start) / 1000 },
  { name: 'Promised', cell: ({ item: { predicted } }) => predicted === null ? 'nothing: no such steps before' : `${clockOf(predicted.median_seconds)}, at most ${clockOf(predicted.bound_seconds)}`, text: ({ item: { predicted } }) => predicted?.bound_seconds ?? null },
  { name: 'Status', cell: ({ item: { step }, isPastBound }) => `${step.status}${isPastBound ? ', past its bound' : ''}`, text: ({ item: { step } }) => step.status }
]

const widest = 16

/** What a run did against what was promised when it began. */
export function RunChart ({ id, timeline }: { id: string, timeline: ExperimentTimeline }) {
  const [search, change] = useSearch()
  const [, go] = useLocation()
  const by = search.get('by') === 'plate' ? 'plate' : 'device'
  const zoom = Math.min(widest, Math.max(1, Number(search.get('zoom') ?? 1) || 1))
  const bars = barsOf(timeline)
  const ends = [timeline.bound_finish, timeline.expected_finish].map((at) => at === null ? 0 : Date.parse(at))
  const from = bars.reduce((least, bar) => Math.min(least, bar.from), Infinity)
  const isOver = timeline.status === 'completed' || timeline.status === 'aborted'
  const scale = timeScale(from, bars.reduce((most, { to }) => Math.max(most, to), isOver ? 0 : Math.max(...ends, Date.parse(timeline.now))))
  const lanes = lanesOf(bars, by)

  return (
    <Figure
      finding={findingOf(bars, clockOf)} name={`run-${id}`} call={`/api/experiments/${id}/timeline`} columns={columns} rows={bars} keyOf={({ item }) => item.step.id}
      tools={(
        <>
          <button className="key" aria-pressed={by === 'device'} onClick={() => change('by', 'device')}>by device</button>
          <button className="key" aria-pressed={by === 'plate'} onClick={() => change('by', 'plate')}>by plate</button>
          <Key aria-label="Show less time, larger" isOff={zoom >= widest} onClick={() => change('zoom', String(zoom * 2))}>+</Key>
          <Key aria-label="Show more time, smaller" isOff={zoom <= 1} onClick={() => change('zoom', String(zoom / 2))}>−</Key>
        </>
      )}
    >
      <Gantt
        scale={scale} zoom={zoom} at={isOver ? undefined : Date.parse(timeline.now)}
        lanes={lanes.map(({ name, rows, bars }) => ({ name, rows, marks: bars.map(({ span, row }) => <Marks key={span.item.step.id} bar={span} row={row} scale={scale} onOpen={() => go(`/steps/${span.item.step.id}`)} />) }))}
      />
      <p className="legend">■ actual, □ expected (median), | bound as promised when the run began, ◆ past it, ▨ its plate waited</p>
    </Figure>
  )
}

function Marks ({ bar, row, scale, onOpen }: { bar: Bar, row: number, scale: ReturnType<typeof timeScale>, onOpen: () => void }) {
  const { item: { step }, start, end, waitedFrom, medianAt, boundAt, isOver, isPastBound } = bar
  const title = `${stepLabel(step)}, ${tookText(bar)}${isPastBound ? ', past its bound' : ''}`
  const actual = boundAt === null ? end : Math.min(end, boundAt)
  return (
    <>
      {waitedFrom < start ? <Box scale={scale} from={waitedFrom} to={start} row={row} kind="waiting" /> : null}
      {medianAt !== null && !isOver && medianAt > end ? <Box scale={scale} from={end} to={medianAt} row={row} kind="expected" /> : null}
      <Box scale={scale} from={start} to={actual} row={row} kind={step.status === 'failed' || step.status === 'aborted' ? 'failed' : 'actual'} title={title} onOpen={onOpen} />
      {isPastBound ? <Box scale={scale} from={boundAt!} to={end} row={row} kind="past" title={title} onOpen={onOpen} /> : null}
      {isPastBound ? <Sign scale={scale} at={end} row={row}>◆</Sign> : null}
      {boundAt === null ? null : <Tick scale={scale} at={boundAt} row={row} kind="bound" />}
    </>
  )
}

function tookText ({ start, end, isOver }: Bar): string {
  return `${clockOf((end - start) / 1000)}${isOver ? '' : ' so far'}`
}
