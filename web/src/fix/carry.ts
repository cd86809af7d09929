import { useSyncExternalStore } from 'react'
import type { Place } from '../api/generated/schema.d.ts'
import type { Placed } from '../lab/world.ts'

/** What somebody does with plates on the map. Only the bar above the map shows it, so that picking up renders no slot again. */
export type Carry = {
  /** Whether a tap on a plate picks it up, and does not open its page. */
  isTapping: boolean
  /** The plate that was picked up. */
  carried: Placed | null
  /** The plate about which the sheet is open, and where it was put down. */
  fixing: { id: string, here: Place | undefined } | null
}

let carry: Carry = { isTapping: false, carried: null, fixing: null }
const listeners = new Set<() => void>()

export function setCarry (change: Partial<Carry>): void {
  carry = { ...carry, ...change }
  for (const one of listeners) one()
}

export function carryNow (): Carry {
  return carry
}

export function useCarry (): Carry {
  return useSyncExternalStore(onCarry, carryNow)
}

function onCarry (listener: () => void): () => void {
  listeners.add(listener)
  return () => { listeners.delete(listener) }
}

/** Puts down what was picked up. Nothing is recorded before the sheet says so. */
export function putDown (here: Place): void {
  const { carried } = carry
  if (carried === null) return
  const isBack = carried.device === here.device && carried.position === here.position
  setCarry({ carried: null, fixing: isBack ? null : { id: carried.id, here } })
}
