import { useCallback } from 'react'
import { useLocation } from 'wouter'
import { useLab } from '../lab/lab-context.ts'
import { giveBadge, giveScan } from '../parts/scanner.ts'
import { couldBeKey, holderOf, isBadge, signInWithBadge } from './badge.ts'

/**
 * What becomes of a scan, from a scanner that types, the camera, or the field for finding: a badge signs what is open, or signs in; a label is for the
 * part of the page that waits for one, or its page opens. Returns what that part says; null if none waited.
 */
export function useTakeScan (): (scanned: string) => string | null {
  const [, go] = useLocation()
  const lab = useLab()
  return useCallback((scanned) => {
    const { link, world } = lab.get()
    const isSignedOut = link.state === 'signed-out'
    const withBadge = (): string | null => {
      const says = giveBadge(scanned)
      if (says === null) void signInWithBadge(scanned, isSignedOut)
      return says
    }
    const withLabel = (): string | null => {
      const says = giveScan(scanned)
      if (says === null && document.querySelector('dialog[open] form') === null) go(`/find?q=${encodeURIComponent(scanned)}`)
      return says
    }
    // Nothing can be found where nobody is signed in: whatever is scanned there is meant as a badge.
    if (isBadge(scanned) || (isSignedOut && couldBeKey(scanned))) return withBadge()
    const isLabel = !couldBeKey(scanned) || [...world?.placed.values() ?? []].some(({ barcode }) => barcode === scanned)
    if (isLabel) return withLabel()
    void holderOf(scanned).then((holder) => holder === null ? withLabel() : withBadge())
    return null
  }, [go, lab])
}
