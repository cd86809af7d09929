import { wordsOf } from '../../api/client.ts'
import type { Experiment, ExperimentStatus } from '../../api/generated/schema.d.ts'
import { useRuns } from '../../api/runs.ts'
import { More } from '../../parts/more.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { RunLink, runLabel } from '../../parts/run-name.tsx'
import { useSearch } from '../../parts/search.ts'
import { SelectFilter } from '../../parts/select-filter.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { countsText } from './counts.ts'

const statuses: readonly ExperimentStatus[] = ['created', 'running', 'paused', 'lost', 'completed', 'aborted']

const columns: readonly TableColumn<Experiment>[] = [
  { name: 'Run', cell: (run) => <RunLink run={run} />, text: runLabel },
  { name: 'Process', cell: ({ process }) => process.name, text: ({ process }) => process.name },
  { name: 'Status', cell: ({ status, attention }) => <>{status}{attention ? <strong className="late"> ◆ look at it</strong> : null}</>, text: ({ status }) => status },
  { name: 'Began', cell: ({ first_start, created_at }) => first_start === null ? <>not yet; made <Moment at={created_at} /></> : <Moment at={first_start} />, text: ({ first_start }) => first_start },
  { name: 'Took', cell: ({ status, active_seconds }) => isOver(status) && active_seconds !== null ? clockOf(active_seconds) : '–', text: ({ active_seconds }) => active_seconds },
  { name: 'Steps', cell: ({ steps }) => countsText(steps), text: ({ steps }) => steps.total }
]

function isOver (status: ExperimentStatus): boolean {
  return status === 'completed' || status === 'aborted'
}

/** The runs, newest first. */
export function RunsPage () {
  const [search, change] = useSearch()
  const status = statuses.find((one) => one === search.get('status')) ?? null
  const list = useRuns(status)
  return (
    <Page title="Runs">
      <div className="filters">
        <SelectFilter label="Status" value={status ?? ''} options={statuses} all="all" onChange={(value) => change('status', value)} />
      </div>
      {list.error !== null ? <Notice>{wordsOf(list.error)}</Notice> : null}
      {list.items === undefined ? <Notice>Reading ...</Notice> : list.items.length === 0
        ? <Notice>{status === null ? 'No run was recorded yet. An orchestrator makes one with POST /api/experiments.' : `No run is ${status}.`}</Notice>
        : <Table columns={columns} rows={list.items} keyOf={({ id }) => id} />}
      <More list={list} />
    </Page>
  )
}
