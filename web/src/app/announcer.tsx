import { useEffect, useRef, useState } from 'react'
import type { Event } from '../api/generated/schema.d.ts'
import { useLab } from '../lab/lab-context.ts'

/** A screen reader is told of changes at most this often. */
const everyMs = 5000

type Snapshot = { barcode: string | null, name: string, device: string | null, position: number | null }

/** Tells screen readers what changes, a sentence at a time. */
export function Announcer () {
  const lab = useLab()
  const [said, setSaid] = useState('')
  const waiting = useRef<string[]>([])
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const say = (): void => {
      timer = undefined
      const [first, ...more] = waiting.current
      waiting.current = []
      if (first === undefined) return
      setSaid(more.length === 0 ? first : `${first}; ${more.length} more ${more.length === 1 ? 'change' : 'changes'}`)
      timer = setTimeout(say, everyMs)
    }
    const end = lab.onChange((frame) => {
      waiting.current.push(...(frame?.events ?? []).flatMap((event) => sentenceOf(event) ?? []))
      if (waiting.current.length > 0) timer ??= setTimeout(say, 0)
    })
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [lab])
  return <p className="for-readers" aria-live="polite">{said}</p>
}

function sentenceOf ({ kind, after, container_id }: Event): string | null {
  if (container_id === null || after === null) return null
  const { barcode, name, device, position } = after as Snapshot
  const label = barcode ?? name
  if (kind === 'moved' && device !== null) return `${label} moved to ${device} ${position}`
  if (kind === 'missing') return `${label} is missing`
  if (kind === 'corrected' && device !== null) return `${label} corrected to ${device} ${position}`
  return `${label} ${kind.replace('-', ' ')}`
}
