import { useState } from 'react'
import type { StocktakeItem, StocktakeResult } from '../../api/generated/schema.d.ts'
import { applyStock } from '../../api/stocktakes.ts'
import { AnswerHeading } from '../../parts/answer-heading.tsx'
import { ContainerLink, Name } from '../../parts/name.tsx'
import { ReasonField } from '../../parts/reason-field.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { meaningOf, type Seen } from './seen.ts'

const columns: readonly TableColumn<StocktakeItem>[] = [
  { name: 'Slot', cell: ({ position }) => position, text: ({ position }) => position },
  { name: 'Finding', cell: ({ finding }) => finding === 'match' ? finding : <strong>{finding}</strong>, text: ({ finding }) => finding },
  {
    name: 'Plate', cell: ({ container, seen }) => container !== null ? <ContainerLink container={container} /> : seen?.barcode == null ? 'without a barcode' : <Name>{seen.barcode}</Name>,
    text: ({ container, seen }) => container?.barcode ?? seen?.barcode ?? null
  },
  { name: 'Means', cell: meaningOf, text: meaningOf }
]

const names = ['match', 'elsewhere', 'unknown', 'missing', 'unexpected', 'lid'] as const

/** What differs, and one reason with which the lab becomes as it was seen. */
export function Findings ({ result, seen, onApplied }: { result: StocktakeResult, seen: Seen, onApplied: () => void }) {
  const [reason, setReason] = useState('stocktake')
  const { device, counts, items, changes } = result
  const body = { device, seen: [...seen.values()], reason: reason.trim(), apply: true }
  return (
    <section aria-labelledby="findings">
      <AnswerHeading id="findings">Findings: {names.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`).join(', ') || 'nothing stands here, and nothing is tracked'}</AnswerHeading>
      {items.length === 0 ? null : <Table columns={columns} rows={items} keyOf={({ position, finding, container }) => `${position} ${finding} ${container?.id ?? ''}`} />}
      <RecordForm request={body} missing={reason.trim() === '' ? 'Say why.' : null} verb="Apply" send={async (signed) => await applyStock(body, signed)} onDone={onApplied}>
        <p>{changes.length === 0 ? 'Everything is as tracked. The stocktake is recorded all the same.' : `${changes.length} ${changes.length === 1 ? 'change is' : 'changes are'} recorded at once. Slots that were not scanned count as empty.`}</p>
        <ReasonField reason={reason} onChange={setReason} />
      </RecordForm>
    </section>
  )
}
