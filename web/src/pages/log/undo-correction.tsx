import { useState } from 'react'
import { correct, sayMissing, type Signed } from '../../api/commands.ts'
import type { Container, Event } from '../../api/generated/schema.d.ts'
import { type Before, oppositeOf, trackedPlace } from '../../fix/correction.ts'
import { labelOf, placeText } from '../../parts/name.tsx'
import { ReasonField } from '../../parts/reason-field.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'

/** The opposite of a correction, also long after it: what was tracked before it is said again, with a reason. */
export function UndoCorrection ({ event, onClose }: { event: Event, onClose: () => void }) {
  const snapshot = event.before as Pick<Container, 'id' | 'barcode' | 'name' | 'device' | 'position' | 'lidded' | 'lid'>
  const before: Before = { id: event.container_id!, barcode: snapshot.barcode, place: trackedPlace(snapshot), lidded: snapshot.lidded, lid: snapshot.lid }
  const [reason, setReason] = useState(`Undone: ${event.reason ?? 'correction'}`)

  async function send (signed: Signed): Promise<number> {
    const body = oppositeOf(before, reason.trim())
    return body === null ? await sayMissing([before.id], reason.trim(), signed) : await correct(before.id, body, signed)
  }

  return (
    <Sheet title={`Undo the correction of ${labelOf(snapshot)}`} onClose={onClose}>
      <RecordForm request={[before, reason]} missing={reason.trim() === '' ? 'Say why.' : null} send={send} onDone={onClose} onCancel={onClose}>
        <p>{before.place === null ? 'Nobody knows again where it is.' : `It is tracked again at ${placeText(before.place)}, as before the correction.`}</p>
        <ReasonField reason={reason} onChange={setReason} />
      </RecordForm>
    </Sheet>
  )
}
