import { wordsOf } from '../../api/client.ts'
import type { Calibration, CalibrationGrouping, CalibrationScore } from '../../api/generated/schema.d.ts'
import { useCalibration } from '../../api/insights.ts'
import { Figure } from '../../charts/figure.tsx'
import { Shares } from '../../charts/shares.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { useSearch } from '../../parts/search.ts'
import { SelectFilter } from '../../parts/select-filter.tsx'
import type { TableColumn } from '../../parts/table.tsx'
import { InsightsPage } from './insights-page.tsx'
import { intervalOf, isBroken, percentText, promisesFinding } from './promises.ts'

const groupings: readonly CalibrationGrouping[] = ['level', 'method', 'function', 'device']

const columns: readonly TableColumn<CalibrationScore>[] = [
  { name: 'Group', cell: ({ group }) => group === null ? 'all, or without one' : <Name>{group.replaceAll('_', ' ')}</Name>, text: ({ group }) => group },
  { name: 'Steps', cell: ({ steps }) => steps, text: ({ steps }) => steps },
  { name: 'With a bound', cell: ({ answered }) => answered, text: ({ answered }) => answered },
  { name: 'Kept', cell: ({ coverage }) => coverage === null ? '–' : percentText(coverage), text: ({ coverage }) => coverage },
  {
    name: 'Probably', text: ({ coverage }) => coverage,
    cell: ({ coverage, answered }) => coverage === null ? '–' : intervalOf(coverage, answered).map(percentText).join(' to ')
  }
]

/** Whether bounds are kept as often as was asked for. */
export function PromisesPage () {
  const [search, change] = useSearch()
  const by = groupings.find((one) => one === search.get('by')) ?? 'level'
  const { data, error } = useCalibration(by)
  return (
    <InsightsPage title="Promises">
      <div className="filters">
        <SelectFilter label="By" value={by} options={groupings} onChange={(value) => change('by', value)} />
      </div>
      {error !== null ? <Notice>{wordsOf(error)}</Notice> : data === undefined ? <Notice>Reading ...</Notice> : <Kept calibration={data} by={by} />}
    </InsightsPage>
  )
}

function Kept ({ calibration, by }: { calibration: Calibration, by: CalibrationGrouping }) {
  const { confidence, overall, groups, truncated } = calibration
  const rows = [overall, ...groups]
  return (
    <>
      <Figure
        finding={promisesFinding(calibration)} name="promises" call={`/api/estimates/calibration?group_by=${by}`} columns={columns} rows={rows}
        keyOf={(row) => row === overall ? 'all' : `group ${row.group}`}
      >
        <Shares
          asked={confidence}
          rows={rows.flatMap((row) => row.coverage === null ? [] : [{
            name: row === overall ? 'all' : (row.group ?? 'without one').replaceAll('_', ' '), share: row.coverage, interval: intervalOf(row.coverage, row.answered), isLate: isBroken(row, confidence)
          }])}
        />
        <p className="legend">● bounds kept, ━ where the true share probably is, | asked for; ◆ clearly fewer</p>
      </Figure>
      {truncated ? <p className="quiet">Only the newest steps were replayed.</p> : null}
    </>
  )
}
