import { useEffect } from 'react'
import { useLocation } from 'wouter'
import { useLab } from '../lab/lab-context.ts'
import { isBadge } from './badge.ts'
import { useTakeScan } from './use-take-scan.ts'

/** A scanner types faster than any person: characters closer than this belong to a scan. */
const scanGapMs = 35
const shortestScan = 6
const sequenceMs = 1000

const places: Readonly<Record<string, string>> = { n: '/', l: '/labware', r: '/runs', i: '/insights/use', o: '/log', s: '/stocktake', a: '/lab/devices' }

/** Keys that work anywhere on the page, and scanners that type: their characters lead to the page of what was scanned. */
export function useKeys (): void {
  const [, go] = useLocation()
  const lab = useLab()
  const take = useTakeScan()
  useEffect(() => {
    let scanned = ''
    let last = 0
    // not 0, which is the moment the page was opened: a key in its first second is no second key after `g`
    let wentAt = -Infinity
    function onKey (event: KeyboardEvent): void {
      const { key, target, ctrlKey, metaKey, altKey, timeStamp } = event
      if (key === 'k' && (ctrlKey || metaKey)) {
        event.preventDefault()
        focusFind()
        return
      }
      if (ctrlKey || metaKey || altKey) return
      if (timeStamp - last > scanGapMs) scanned = ''
      last = timeStamp
      const field = isTextField(target) ? target : null
      if (key === 'Enter' && scanned.length >= shortestScan) {
        // What is scanned into a field is its text; but a badge never is: it would be recorded as a reason, or searched for.
        if (field !== null && !isBadge(scanned)) return
        event.preventDefault()
        if (field !== null) withoutText(field, scanned)
        take(scanned)
        scanned = ''
        return
      }
      if (key.length === 1) scanned += key
      // Tab and others are no part of a label; scanners hold Shift for capitals.
      else if (key !== 'Shift') scanned = ''
      if (field !== null) return
      if (scanned.length > 1) {
        // The rest of a scan presses no button and chooses nothing in a list.
        event.preventDefault()
        return
      }
      // A list takes letters itself, and in a sheet they would lead away from what was filled in.
      if (target instanceof HTMLElement && target.closest('select, dialog') !== null) return
      if (key === '/') {
        event.preventDefault()
        focusFind()
      } else if (key === '?') go('/help')
      else if (key === 't' && timeStamp - wentAt >= sequenceMs) go(`/?at=${lab.get().world?.revision ?? 0}`)
      else if (key === 'g') wentAt = timeStamp
      else if (timeStamp - wentAt < sequenceMs && places[key] !== undefined) go(places[key])
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [go, lab, take])
}

function focusFind (): void {
  document.getElementById('find')?.focus()
}

const otherInputs = new Set(['radio', 'checkbox', 'range', 'file', 'button', 'submit'])

type TextField = HTMLInputElement | HTMLTextAreaElement

function isTextField (target: EventTarget | null): target is TextField {
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && !otherInputs.has(target.type))
}

/** Takes a text out of a field in such a way that React notices. */
function withoutText (field: TextField, text: string): void {
  const rest = field.value.replace(text, '')
  Reflect.set(Object.getPrototypeOf(field) as object, 'value', rest, field)
  field.dispatchEvent(new Event('input', { bubbles: true }))
}
