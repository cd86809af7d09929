import { useMutation } from '@tanstack/react-query'
import { useRef, useState, type ReactNode, type SyntheticEvent } from 'react'
import { newKey, wordsOf } from '../api/client.ts'
import type { Signed } from '../api/commands.ts'
import { useIsCurrent, useLab } from '../lab/lab-context.ts'
import { Key } from './key.tsx'
import { Signature } from './signature.tsx'
import type { Signing } from './use-signing.ts'

export type FormProps = {
  /** All that the request says. The same request again, after a lost answer, has the same key, so it is not done twice. */
  request: unknown
  /** What is missing to send it, as a sentence; null if nothing is. */
  missing: string | null
  /** Sends it, and returns the revision of the lab behind it. */
  send: (signed: Signed) => Promise<number>
  /** After the page shows what was recorded. */
  onDone?: (() => void) | undefined
  /** After an answer; `error`: the refusal, or null. */
  onSettled?: ((error: Error | null) => void) | undefined
  onCancel?: (() => void) | undefined
  verb?: string
  children: ReactNode
}

/**
 * A form that records something: it says what is missing, and what the service refuses, in the words of the service. `signing`: who signs it, where
 * more than this form needs the signature.
 */
export function SignedForm ({ signing, request, missing, send, onDone, onSettled, onCancel, verb = 'Record', children }: FormProps & { signing: Signing }) {
  const lab = useLab()
  const isCurrent = useIsCurrent()
  const { badge, maySign } = signing
  const lacking = missing ?? signing.lacking
  const [isAsked, setAsked] = useState(false)
  const last = useRef({ text: '', key: '' })
  const recording = useMutation({
    mutationFn: async () => {
      const text = JSON.stringify([request, badge?.name])
      if (last.current.text !== text) last.current = { text, key: newKey() }
      await lab.reached(await send({ key: last.current.key, badge: badge?.key }))
      last.current = { text: '', key: '' }
      setAsked(false)
      signing.forget()
      onDone?.()
    },
    onSettled: (_, error) => { onSettled?.(error) }
  })

  function record (event: SyntheticEvent): void {
    event.preventDefault()
    setAsked(true)
    if (lacking === null && isCurrent && !recording.isPending) recording.mutate()
  }

  return (
    <form onSubmit={record}>
      {children}
      <Signature {...signing} isNeeded={!maySign && isCurrent} />
      {isAsked && lacking !== null ? <p role="alert" className="refusal">{lacking}</p> : null}
      {recording.error === null ? null : <p role="alert" className="refusal">{wordsOf(recording.error)}</p>}
      <div className="keys">
        <Key type="submit" className="key is-main" isOff={!isCurrent || recording.isPending}>{recording.isPending ? 'recording ...' : verb}</Key>
        {onCancel === undefined ? null : <button type="button" className="key" onClick={onCancel}>Cancel</button>}
      </div>
    </form>
  )
}
