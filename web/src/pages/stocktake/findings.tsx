import { useState } from 'react'
import type { StocktakeItem, StocktakeResult } from '../../api/generated/schema.d.ts'
import { applyStock } from '../../api/stocktakes.ts'
import { AnswerHeading } from '../../parts/answer-heading.tsx'
import { ContainerLink, Name } from '../../parts/name.tsx'
import { ReasonField } from '../../parts/reason-field.tsx'
import { SignedForm } from '../../parts/signed-form.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import type { Signing } from '../../parts/use-signing.ts'
import { meaningOf, type Seen } from './seen.ts'

const columnsOf = (result: StocktakeResult): readonly TableColumn<StocktakeItem>[] => [
  { name: 'Slot', cell: ({ position }) => position, text: ({ position }) => position },
  { name: 'Finding', cell: ({ finding }) => finding === 'match' ? finding : <strong>{finding}</strong>, text: ({ finding }) => finding },
  {
    name: 'Plate', cell: ({ container, seen }) => container !== null ? <ContainerLink container={container} /> : seen?.barcode == null ? 'without a barcode' : <Name>{seen.barcode}</Name>,
    text: ({ container, seen }) => container?.barcode ?? seen?.barcode ?? null
  },
  { name: 'Means', cell: (item) => meaningOf(item, result), text: (item) => meaningOf(item, result) }
]

const names = ['match', 'elsewhere', 'unknown', 'missing', 'unexpected', 'lid'] as const

/** What differs, and one reason with which the lab becomes as it was seen. */
export function Findings ({ result, seen, signing, onApplied }: { result: StocktakeResult, seen: Seen, signing: Signing, onApplied: () => void }) {
  const [reason, setReason] = useState('stocktake')
  const { device, counts, items, changes, findings, warnings } = result
  const isPossible = findings.length === 0
  const body = { device, seen: [...seen.values()], reason: reason.trim(), apply: true }
  return (
    <section aria-labelledby="findings">
      <AnswerHeading id="findings">Findings: {names.filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`).join(', ') || 'nothing stands here, and nothing is tracked'}</AnswerHeading>
      {items.length === 0 ? null : <Table columns={columnsOf(result)} rows={items} keyOf={({ position, finding, container }) => `${position} ${finding} ${container?.id ?? ''}`} />}
      {findings.length + warnings.length === 0 ? null : (
        <ul className="findings">
          {findings.map(({ code, pointer, detail }) => <li key={`${code} ${pointer}`}><strong className="alarm-word">▲ cannot be applied</strong> {detail}</li>)}
          {warnings.map(({ code, pointer, detail }) => <li key={`${code} ${pointer}`}><strong>◆ warning</strong> {detail}</li>)}
        </ul>
      )}
      <SignedForm
        signing={signing} request={body} missing={!isPossible ? 'It cannot be applied: first correct what is marked.' : reason.trim() === '' ? 'Say why.' : null}
        verb="Apply" send={async (signed) => await applyStock(body, signed)} onDone={onApplied}
      >
        <p>{!isPossible ? 'Nothing is recorded before that is corrected.' : changes.length === 0 ? 'Everything is as tracked. The stocktake is recorded all the same.' : `${changes.length} ${changes.length === 1 ? 'change is' : 'changes are'} recorded at once. Slots that were not scanned count as empty.`}</p>
        <ReasonField reason={reason} onChange={setReason} />
      </SignedForm>
    </section>
  )
}
