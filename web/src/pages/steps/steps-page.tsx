import { wordsOf } from '../../api/client.ts'
import type { Step, StepStatus } from '../../api/generated/schema.d.ts'
import { useSteps } from '../../api/steps.ts'
import { useWorld } from '../../lab/lab-context.ts'
import { Filters } from '../../parts/filters.tsx'
import { More } from '../../parts/more.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { Plates } from '../../parts/plates.tsx'
import { useSearch } from '../../parts/search.ts'
import { SelectFilter } from '../../parts/select-filter.tsx'
import { StepLink, stepLabel } from '../../parts/step-name.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'

const statuses: readonly StepStatus[] = ['running', 'paused', 'lost', 'completed', 'failed', 'aborted']

const columns: readonly TableColumn<Step>[] = [
  { name: 'Step', cell: (step) => <StepLink step={step} />, text: stepLabel },
  { name: 'Device', cell: ({ device }) => <Name>{device}</Name>, text: ({ device }) => device },
  { name: 'Plates', cell: ({ containers }) => <Plates of={containers} />, text: ({ containers }) => containers.map(({ named }) => named).join(' ') },
  { name: 'Start', cell: ({ start }) => <Moment at={start} />, text: ({ start }) => start },
  { name: 'Took', cell: ({ active_seconds }) => active_seconds === null ? '–' : clockOf(active_seconds), text: ({ active_seconds }) => active_seconds },
  { name: 'Status', cell: ({ status, is_simulation }) => `${status}${is_simulation ? ', simulated' : ''}`, text: ({ status }) => status }
]

/** The step log, newest first. */
export function StepsPage () {
  const [search, change] = useSearch()
  const world = useWorld()
  const status = statuses.find((one) => one === search.get('status'))
  const [device, fct] = [search.get('device'), search.get('fct')]
  const list = useSteps({ ...status === undefined ? {} : { status }, ...device === null ? {} : { device }, ...fct === null ? {} : { fct } })
  const on = [device, status, fct === null ? null : `only ${fct}`].filter((words) => words != null)

  return (
    <Page title="Steps">
      <Filters on={on}>
        <SelectFilter label="Device" value={device ?? ''} options={[...world?.devices.keys() ?? []]} all="all" onChange={(value) => change('device', value)} />
        <SelectFilter label="Status" value={status ?? ''} options={statuses} all="all" onChange={(value) => change('status', value)} />
        {fct === null ? null : <button className="key" onClick={() => change('fct', '')}>only {fct}: show all</button>}
      </Filters>
      {list.error !== null ? <Notice>{wordsOf(list.error)}</Notice> : null}
      {list.items === undefined ? <Notice>Reading ...</Notice> : list.items.length === 0 ? <Notice>{on.length === 0 ? 'No step was recorded yet. An orchestrator logs them with POST /api/steps.' : 'No such step was recorded.'}</Notice>
        : <Table columns={columns} rows={list.items} keyOf={({ id }) => id} />}
      <More list={list} />
    </Page>
  )
}
