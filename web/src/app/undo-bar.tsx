import { useMutation } from '@tanstack/react-query'
import { useState, useSyncExternalStore } from 'react'
import { wordsOf } from '../api/client.ts'
import { offeredUndo, onUndo, type Undo } from '../fix/undo.ts'
import { useMaySign } from '../lab/lab-context.ts'
import { Key } from '../parts/key.tsx'
import { RecordForm } from '../parts/record-form.tsx'
import { Sheet } from '../parts/sheet.tsx'

/** What was recorded, and for half a minute a key that undoes it. */
export function UndoBar () {
  const undo = useSyncExternalStore(onUndo, offeredUndo)
  const maySign = useMaySign()
  const [signing, setSigning] = useState<Undo | null>(null)
  const undoing = useMutation({ mutationFn: async () => await offeredUndo()?.run() })
  return (
    <div className="undo" role="status">
      {undo === null ? null : (
        <>
          <span>{undo.says}. </span>
          <Key isOff={undoing.isPending} onClick={() => maySign ? undoing.mutate() : setSigning(undo)}>{undoing.isPending ? 'recording ...' : 'Undo'}</Key>
        </>
      )}
      {signing === null ? null : (
        <Sheet title="Undo" onClose={() => setSigning(null)}>
          <RecordForm
            request={signing.until} missing={null} verb="Undo" onDone={() => setSigning(null)} onCancel={() => setSigning(null)}
            send={async ({ badge }) => {
              await signing.run(badge)
              return 0
            }}
          ><p>{signing.says}. What was tracked before is tracked again.</p></RecordForm>
        </Sheet>
      )}
      {undoing.error === null ? null : <span className="refusal">{wordsOf(undoing.error)}</span>}
    </div>
  )
}
