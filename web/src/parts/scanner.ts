import { useEffect, useRef } from 'react'

type Taker = (scanned: string) => void

/** Who takes what a scanner types. The last that came is asked. */
const takers: { current: Taker }[] = []

/** Gives a scan to the part of the page that waits for one. Returns false if none does. */
export function giveScan (scanned: string): boolean {
  const taker = takers.at(-1)
  taker?.current(scanned)
  return taker !== undefined
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
