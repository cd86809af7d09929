import { useEffect } from 'react'
import { useLocation } from 'wouter'
import { useLab } from '../lab/lab-context.ts'
import { giveScan } from '../parts/scanner.ts'
import { isBadge, signInWithBadge } from './badge.ts'

/** A scanner types faster than any person: characters closer than this belong to a scan. */
const scanGapMs = 35
const shortestScan = 6
const sequenceMs = 1000

const places: Readonly<Record<string, string>> = { n: '/', l: '/labware', r: '/runs', i: '/insights/use', o: '/log', s: '/stocktake', a: '/lab/devices' }

/** Keys that work anywhere on the page, and scanners that type: their characters lead to the page of what was scanned. */
export function useKeys (): void {
  const [, go] = useLocation()
  const lab = useLab()
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
      if (ctrlKey || metaKey || altKey || isField(target)) return
      if (timeStamp - last > scanGapMs) scanned = ''
      last = timeStamp
      if (key === 'Enter' && scanned.length >= shortestScan) {
        event.preventDefault()
        if (isBadge(scanned)) void signInWithBadge(scanned, lab.get().link.state === 'signed-out')
        else if (giveScan(scanned) === null) go(`/find?q=${encodeURIComponent(scanned)}`)
        scanned = ''
        return
      }
      if (key.length === 1) scanned += key
      if (scanned.length > 1) return
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
  }, [go, lab])
}

function focusFind (): void {
  document.getElementById('find')?.focus()
}

function isField (target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
