import { useMutation } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { wordsOf } from '../api/client.ts'
import { offeredUndo, onUndo } from '../fix/undo.ts'
import { Key } from '../parts/key.tsx'

/** What was recorded, and for half a minute a key that undoes it. */
export function UndoBar () {
  const undo = useSyncExternalStore(onUndo, offeredUndo)
  const undoing = useMutation({ mutationFn: async () => await offeredUndo()?.run() })
  return (
    <div className="undo" role="status">
      {undo === null ? null : (
        <>
          <span>{undo.says}. </span>
          <Key isOff={undoing.isPending} onClick={() => undoing.mutate()}>{undoing.isPending ? 'recording ...' : 'Undo'}</Key>
        </>
      )}
      {undoing.error === null ? null : <span className="refusal">{wordsOf(undoing.error)}</span>}
    </div>
  )
}
