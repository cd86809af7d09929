import { newKey } from '../api/client.ts'
import { correct, sayMissing } from '../api/commands.ts'
import { queries } from '../api/queries.ts'
import { type Before, oppositeOf } from './correction.ts'

/** What can be undone at the moment. `until` is a time of this machine, in milliseconds. */
export type Undo = { says: string, until: number, run: (badge?: string) => Promise<void> }

const offeredMs = 30_000

let offered: Undo | null = null
const listeners = new Set<() => void>()

function offer (undo: Undo | null): void {
  offered = undo
  for (const one of listeners) one()
}

export function offeredUndo (): Undo | null {
  return offered
}

export function onUndo (listener: () => void): () => void {
  listeners.add(listener)
  return () => { listeners.delete(listener) }
}

/** Offers the opposite correction for half a minute. */
export function offerUndo (says: string, before: readonly Before[], reason: string): void {
  // A repetition after a lost answer is not done twice.
  const keys = before.map(() => newKey())
  const undo: Undo = {
    says, until: Date.now() + offeredMs,
    async run (badge) {
      for (const [n, one] of before.entries()) {
        const body = oppositeOf(one, `Undone: ${reason}`)
        if (body === null) await sayMissing([one.id], `Undone: ${reason}`, { key: keys[n]!, badge })
        else await correct(one.id, body, { key: keys[n]!, badge })
      }
      // Before somebody records the next thing, which is about the state after this.
      await queries.invalidateQueries({ queryKey: ['containers'] })
      if (offered === undo) offer(null)
    }
  }
  offer(undo)
  setTimeout(() => { if (offered === undo) offer(null) }, offeredMs)
}
