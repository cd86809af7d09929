import { useState, type ReactNode } from 'react'
import { useIsCurrent } from '../lab/lab-context.ts'
import { Key } from './key.tsx'
import { Signature } from './signature.tsx'
import type { Signing } from './use-signing.ts'

type Props = {
  verb: string, isMain: boolean, isPending: boolean
  /** Who signs it, and then what is recorded. */
  signing: Signing
  /** Whether the form that records it is shown: the signature stands there, and once on the page. */
  isFormShown: boolean
  run: (badge: string | undefined) => void
  /** Other keys beside it. */
  children: ReactNode
}

/** A key that shows what would be recorded. Whoever may record it may see it: with a badge also on a screen that may only read. */
export function DryRun ({ verb, isMain, isPending, signing, isFormShown, run, children }: Props) {
  const isCurrent = useIsCurrent()
  const [isAsked, setAsked] = useState(false)
  const isSigned = signing.maySign && signing.badge === null
  return (
    <>
      {isFormShown || isSigned || !isCurrent ? null : <Signature {...signing} isNeeded={!signing.maySign} does="do this" />}
      {isAsked && signing.lacking !== null ? <p role="alert" className="refusal">{signing.lacking}</p> : null}
      <div className="keys">
        <Key
          className={`key ${isMain ? 'is-main' : ''}`} isOff={!isCurrent || isPending}
          onClick={() => {
            setAsked(signing.lacking !== null)
            if (signing.lacking === null) run(signing.badge?.key)
          }}
        >{verb}</Key>
        {children}
      </div>
    </>
  )
}
