import { useState } from 'react'
import { wordsOf } from '../../api/client.ts'
import { useStanding, useUtilization } from '../../api/insights.ts'
import { Figure } from '../../charts/figure.tsx'
import { Heatmap } from '../../charts/heatmap.tsx'
import { useLive } from '../../lab/lab-context.ts'
import { ContainerLink, labelOf, Name, PlaceName, placeText } from '../../parts/name.tsx'
import { EmptyLab } from '../../parts/empty-lab.tsx'
import { Notice } from '../../parts/page.tsx'
import { useSearch } from '../../parts/search.ts'
import { SelectFilter } from '../../parts/select-filter.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { momentOf, zoneName } from '../../parts/times.ts'
import { InsightsPage } from './insights-page.tsx'
import { lengthOf, shareText, standingLongest, type Use, findingOfUse, usesOf } from './use.ts'

const ranges = [
  { name: 'last 24 hours', hours: 24, bucket: 'hour' }, { name: 'last 7 days', hours: 168, bucket: 'day' }, { name: 'last 28 days', hours: 672, bucket: 'day' }
] as const

const columns: readonly TableColumn<Use>[] = [
  { name: 'Device', cell: ({ device }) => <Name>{device}</Name>, text: ({ device }) => device },
  { name: 'Busy', cell: ({ busy }) => shareText(busy), text: ({ busy }) => busy },
  { name: 'Slots occupied', cell: ({ occupied }) => occupied === null ? '–' : shareText(occupied), text: ({ occupied }) => occupied },
  { name: 'Steps', cell: ({ steps }) => steps, text: ({ steps }) => steps },
  { name: 'Failed', cell: ({ failed }) => failed, text: ({ failed }) => failed }
]

/** How busy each device was, and what stood longest. */
export function UsePage () {
  const [search, change] = useSearch()
  const range = ranges.find(({ name }) => name === search.get('range')) ?? ranges[0]
  return (
    <InsightsPage title="Use">
      <div className="filters">
        <SelectFilter label="Range" value={range.name} options={ranges.map(({ name }) => name)} onChange={(value) => change('range', value)} />
      </div>
      <Busy key={range.name} range={range} />
      <h2>What stood longest</h2>
      <Standing />
    </InsightsPage>
  )
}

function Busy ({ range: { name, hours, bucket } }: { range: typeof ranges[number] }) {
  const ahead = useLive(({ clockAheadMs }) => clockAheadMs)
  const [now] = useState(() => Date.now() + ahead)
  const query = { from: new Date(now - hours * 3_600_000).toISOString(), to: new Date(now).toISOString(), bucket, timezone: zoneName() }
  const { data, error } = useUtilization(query)
  if (error !== null) return <Notice>{wordsOf(error)}</Notice>
  if (data === undefined) return <Notice>Reading ...</Notice>
  const uses = usesOf(data.items)
  if (uses.length === 0) return <EmptyLab />
  const labelOfBucket = (from: string): string => bucket === 'hour' ? hourOf(Date.parse(from)) : dayOf(Date.parse(from))
  return (
    <Figure
      finding={findingOfUse(uses, name)} name="use" call={`/api/devices/utilization?${String(new URLSearchParams(query))}`} columns={columns} rows={uses}
      keyOf={({ device }) => device}
    >
      <Heatmap
        labels={uses[0]!.buckets.map(({ from }) => labelOfBucket(from))}
        rows={uses.map(({ device, buckets }) => ({
          name: device,
          cells: buckets.map((one) => {
            const share = one.busy_seconds / lengthOf(one)
            return { key: one.from, share, title: `${device}, ${labelOfBucket(one.from)}: busy ${shareText(share)}, ${one.steps} steps` }
          })
        }))}
      />
      <p className="legend">White: idle. Black: busy all the time. In dark colours it is the other way round.</p>
    </Figure>
  )
}

function hourOf (time: number): string {
  return momentOf(time, time).slice(0, 5)
}

function dayOf (time: number): string {
  return momentOf(time, 0).slice(5, 10)
}

function Standing () {
  const { data, error } = useStanding()
  if (error !== null) return <Notice>{wordsOf(error)}</Notice>
  if (data === undefined) return <Notice>Reading ...</Notice>
  const rows = standingLongest(data)
  if (rows.length === 0) return <p className="quiet">Nothing stands in the lab.</p>
  type Row = typeof rows[number]
  const longest: readonly TableColumn<Row>[] = [
    { name: 'Plate', cell: (one) => <ContainerLink container={one} />, text: labelOf },
    { name: 'Place', cell: (one) => <PlaceName {...one} />, text: placeText },
    { name: 'Since', cell: ({ since }) => <Ago at={since} />, text: ({ since }) => since },
    { name: 'Last event', cell: ({ last_event }) => last_event === null ? '–' : <>{last_event.kind.replaceAll('-', ' ')} <Ago at={last_event.recorded_at} /></>, text: ({ last_event }) => last_event?.kind ?? null }
  ]
  return <Table columns={longest} rows={rows} keyOf={({ id }) => id} />
}
