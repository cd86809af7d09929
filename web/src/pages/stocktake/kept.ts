import type { StocktakeSlot } from '../../api/generated/schema.d.ts'
import type { Seen } from './seen.ts'

const keyOf = (device: string): string => `stocktake ${device}`

/** What was seen before the page was loaded again: phones do that whenever somebody looks at something else. */
export function keptSeen (device: string): Seen {
  try {
    const slots = JSON.parse(sessionStorage.getItem(keyOf(device)) ?? '[]') as StocktakeSlot[]
    return new Map(slots.map((one) => [one.position, one]))
  } catch {
    // The browser keeps nothing here.
    return new Map()
  }
}

export function keepSeen (device: string, seen: Seen): void {
  try {
    if (seen.size === 0) sessionStorage.removeItem(keyOf(device))
    else sessionStorage.setItem(keyOf(device), JSON.stringify([...seen.values()]))
  } catch {
    // Without it the stocktake still works.
  }
}
