import { useEffect, useRef } from 'react'

/** Returns what it says about the scan. */
type Taker = (scanned: string) => string

/** Who takes what a scanner types. The last that came is asked. */
const takers: { current: Taker }[] = []

/** Gives a scan to the part of the page that waits for one, and returns what that says. Null if none waits. */
export function giveScan (scanned: string): string | null {
  return takers.at(-1)?.current(scanned) ?? null
}

/** While this part is shown, what is scanned anywhere on the page is for it. */
export function useScans (take: Taker): void {
  const taker = useRef(take)
  useEffect(() => { taker.current = take })
  useEffect(() => {
    takers.push(taker)
    return () => { takers.splice(takers.indexOf(taker), 1) }
  }, [])
}
