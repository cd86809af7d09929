import { Link, useLocation } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { StepKindPoint } from '../../api/generated/schema.d.ts'
import { useStepKind } from '../../api/insights.ts'
import { Figure } from '../../charts/figure.tsx'
import { Scatter } from '../../charts/scatter.tsx'
import { Notice } from '../../parts/page.tsx'
import type { TableColumn } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { InsightsPage } from './insights-page.tsx'
import { historyFinding, kindLabel } from './kind-words.ts'

const columns: readonly TableColumn<StepKindPoint>[] = [
  { name: 'Start', cell: ({ step_id, start }) => <Link href={`/steps/${step_id}`}><Moment at={start} /></Link>, text: ({ start }) => start },
  { name: 'Took', cell: ({ duration_seconds }) => duration_seconds === null ? '–' : clockOf(duration_seconds), text: ({ duration_seconds }) => duration_seconds },
  { name: 'Bound', cell: ({ bound_seconds }) => bound_seconds === null ? '–' : clockOf(bound_seconds), text: ({ bound_seconds }) => bound_seconds },
  { name: 'Status', cell: ({ status, corrected }) => `${status}${corrected ? ', corrected' : ''}`, text: ({ status }) => status }
]

/** One kind of step: how long its steps took, and the bound that each had. */
export function KindPage ({ id }: { id: string }) {
  const { data, error } = useStepKind(id)
  const [, go] = useLocation()
  if (error !== null) return <InsightsPage title="Kind of step"><Notice>{wordsOf(error)}</Notice></InsightsPage>
  if (data === undefined) return <InsightsPage title="Kind of step"><Notice>Reading ...</Notice></InsightsPage>
  const { points, regimes } = data
  const ended = points.filter(({ duration_seconds }) => duration_seconds !== null)
  return (
    <InsightsPage title={kindLabel(data)}>
      {ended.length === 0 ? <Notice>No such step has ended in this time.</Notice> : (
        <Figure
          finding={historyFinding(data, clockOf)} name="durations-of-a-kind" call={`/api/estimates/kinds/${id}/history`} columns={columns} rows={points}
          keyOf={({ step_id }) => step_id}
        >
          <Scatter
            points={ended.map(({ step_id, start, duration_seconds, bound_seconds, status, corrected }) => ({
              key: step_id, at: Date.parse(start), seconds: duration_seconds!, bound: bound_seconds,
              kind: status === 'failed' || status === 'aborted' ? 'failed' : corrected ? 'corrected' : 'done', title: `${clockOf(duration_seconds!)}, ${status}`,
              onOpen: () => go(`/steps/${step_id}`)
            }))}
            levels={regimes.map(({ from, to, median_seconds }) => ({ from: Date.parse(from), to: Date.parse(to), seconds: median_seconds }))}
          />
          <p className="legend">● a step, ○ one that was corrected, × one that failed, – the bound that it had, — the median between changes; the axis is logarithmic</p>
        </Figure>
      )}
      {data.truncated ? <p className="quiet">There are more such steps than can be shown.</p> : null}
    </InsightsPage>
  )
}
