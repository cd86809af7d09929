import { useMutation } from '@tanstack/react-query'
import { useRef, useState, type ReactNode, type SyntheticEvent } from 'react'
import { newKey, wordsOf } from '../api/client.ts'
import { useLab, useMayWrite } from '../lab/lab-context.ts'
import { Key } from './key.tsx'

type Props = {
  /** All that the request says. The same request again, after a lost answer, has the same key, so it is not done twice. */
  request: unknown
  /** What is missing to send it, as a sentence; null if nothing is. */
  missing: string | null
  /** Sends it, and returns the revision of the lab behind it. */
  send: (key: string) => Promise<number>
  /** After the page shows what was recorded. */
  onDone?: (() => void) | undefined
  onSettled?: (() => void) | undefined
  onCancel?: (() => void) | undefined
  verb?: string
  scope?: 'operate' | 'admin'
  children: ReactNode
}

/** A form that records something: it says what is missing, and what the service refuses, in the words of the service. */
export function RecordForm ({ request, missing, send, onDone, onSettled, onCancel, verb = 'Record', scope = 'operate', children }: Props) {
  const lab = useLab()
  const mayWrite = useMayWrite(scope)
  const [isAsked, setAsked] = useState(false)
  const last = useRef({ text: '', key: '' })
  const recording = useMutation({
    mutationFn: async () => {
      const text = JSON.stringify(request)
      if (last.current.text !== text) last.current = { text, key: newKey() }
      await lab.reached(await send(last.current.key))
      last.current = { text: '', key: '' }
      setAsked(false)
      onDone?.()
    },
    onSettled: () => { onSettled?.() }
  })

  function record (event: SyntheticEvent): void {
    event.preventDefault()
    setAsked(true)
    if (missing === null) recording.mutate()
  }

  return (
    <form onSubmit={record}>
      {children}
      {isAsked && missing !== null ? <p role="alert" className="refusal">{missing}</p> : null}
      {recording.error === null ? null : <p role="alert" className="refusal">{wordsOf(recording.error)}</p>}
      <div className="keys">
        <Key type="submit" className="key is-main" isOff={!mayWrite || recording.isPending}>{recording.isPending ? 'recording ...' : verb}</Key>
        {onCancel === undefined ? null : <button type="button" className="key" onClick={onCancel}>Cancel</button>}
      </div>
    </form>
  )
}
