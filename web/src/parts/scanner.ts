import { useEffect, useRef } from 'react'

/** Returns what it says about the scan. */
type Taker = (scanned: string) => string

/** Who takes what a scanner types. The last that came is asked. */
const takers: { current: Taker }[] = []

/** Who takes a badge: the sheet that it signs. */
const badgeTakers: { current: Taker }[] = []

/** Gives a scan to the part of the page that waits for one, and returns what that says. Null if none waits. */
export function giveScan (scanned: string): string | null {
  return takers.at(-1)?.current(scanned) ?? null
}

/** The same for a badge. */
export function giveBadge (key: string): string | null {
  return badgeTakers.at(-1)?.current(key) ?? null
}

/** While this part is shown, what is scanned anywhere on the page is for it. */
export function useScans (take: Taker): void {
  useTaker(takers, take)
}

/** While this part is shown, a badge that is scanned is for it. */
export function useBadgeScans (take: Taker): void {
  useTaker(badgeTakers, take)
}

function useTaker (all: { current: Taker }[], take: Taker): void {
  const taker = useRef(take)
  useEffect(() => { taker.current = take })
  useEffect(() => {
    all.push(taker)
    return () => { all.splice(all.indexOf(taker), 1) }
  }, [all])
}
