import type { Signed } from '../../api/commands.ts'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'

type Props = { title: string, says: string, verb: string, send: (signed: Signed) => Promise<number>, onClose: () => void, onSettled?: () => void }

/** Asks before something that cannot be undone with one press. */
export function ConfirmSheet ({ title, says, verb, send, onClose, onSettled }: Props) {
  return (
    <Sheet title={title} onClose={onClose}>
      <RecordForm scope="admin" request={title} missing={null} verb={verb} send={send} onDone={onClose} onCancel={onClose} onSettled={onSettled}><p>{says}</p></RecordForm>
    </Sheet>
  )
}
