import { useState, type ReactNode } from 'react'
import { useIsCurrent } from '../lab/lab-context.ts'
import { Key } from './key.tsx'
import { Signature } from './signature.tsx'
import { useSigning } from './use-signing.ts'

type Props = {
  verb: string, isMain: boolean, isPending: boolean, scope?: 'operate' | 'admin'
  run: (badge: string | undefined) => void
  /** Other keys beside it. */
  children: ReactNode
}

/** A key that shows what would be recorded. Whoever may record it may see it: with a badge also on a screen that may only read. */
export function DryRun ({ verb, isMain, isPending, scope = 'operate', run, children }: Props) {
  const isCurrent = useIsCurrent()
  const signing = useSigning(scope)
  const [isAsked, setAsked] = useState(false)
  return (
    <>
      {signing.maySign || !isCurrent ? null : <Signature {...signing} isNeeded does="do this" />}
      {isAsked && signing.lacking !== null ? <p role="alert" className="refusal">{signing.lacking}</p> : null}
      <div className="keys">
        <Key
          className={`key ${isMain ? 'is-main' : ''}`} isOff={!isCurrent || isPending}
          onClick={() => {
            setAsked(true)
            if (signing.lacking === null) run(signing.badge?.key)
          }}
        >{verb}</Key>
        {children}
      </div>
    </>
  )
}
