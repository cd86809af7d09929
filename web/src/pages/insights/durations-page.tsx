import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { EstimatedKind } from '../../api/generated/schema.d.ts'
import { useStepKinds } from '../../api/insights.ts'
import { Figure } from '../../charts/figure.tsx'
import { Ranges } from '../../charts/ranges.tsx'
import { More } from '../../parts/more.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import type { TableColumn } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { InsightsPage } from './insights-page.tsx'
import { kindLabel, kindsFinding, trendWords } from './kind-words.ts'
import { shareText } from './use.ts'

const columns: readonly TableColumn<EstimatedKind>[] = [
  { name: 'Kind of step', cell: (kind) => <Link href={`/insights/durations/${kind.key}`}><Name>{kindLabel(kind)}</Name></Link>, text: kindLabel },
  { name: 'Steps', cell: ({ sample_size }) => sample_size, text: ({ sample_size }) => sample_size },
  { name: 'Half take', cell: ({ median_seconds }) => clockOf(median_seconds), text: ({ median_seconds }) => median_seconds },
  { name: 'Bound', cell: ({ bound_seconds }) => clockOf(bound_seconds), text: ({ bound_seconds }) => bound_seconds },
  { name: 'Trend', cell: ({ trend }) => <span className="together">{trendWords[trend]}</span>, text: ({ trend }) => trend },
  { name: 'Changed', cell: ({ drift_since }) => drift_since === null ? '–' : <Moment at={drift_since} />, text: ({ drift_since }) => drift_since },
  { name: 'Bound kept', cell: ({ coverage, judged }) => coverage === null ? '–' : `${shareText(coverage)} of ${judged}`, text: ({ coverage }) => coverage },
  { name: 'Last', cell: ({ last_finish }) => <Moment at={last_finish} />, text: ({ last_finish }) => last_finish }
]

/** How long each kind of step takes, with its bound, and whether that changes. */
export function DurationsPage () {
  const list = useStepKinds()
  const kinds = list.items
  return (
    <InsightsPage title="Durations">
      {list.error !== null ? <Notice>{wordsOf(list.error)}</Notice> : null}
      {kinds === undefined && list.error === null ? <Notice>Reading ...</Notice> : null}
      {kinds?.length === 0 ? <Notice>No step has ended yet that estimates can use.</Notice> : null}
      {kinds === undefined || kinds.length === 0 ? null : (
        <Figure finding={kindsFinding(kinds, list.hasMore)} name="durations" call="/api/estimates/kinds" columns={columns} rows={kinds} keyOf={({ key }) => key} isTableOpen>
          <Ranges rows={kinds.map((kind) => ({ key: kind.key, name: kindLabel(kind), from: kind.median_seconds, to: kind.bound_seconds, isLate: kind.trend === 'slower' }))} />
          <p className="legend">● half of such steps take at most this, | bound (95 %), on a logarithmic axis; ◆ becomes slower</p>
        </Figure>
      )}
      <More list={list} />
    </InsightsPage>
  )
}
