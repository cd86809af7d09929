import { setImmediate as nextTurn } from 'node:timers/promises'

/** Gives the event loop back if it was held for a millisecond. */
export type YieldToRequests = () => Promise<void>

/** Requests of others wait this long for a long calculation, in each turn of the event loop. A request takes several turns. */
const sliceMs = 1

// Only one calculation of the process goes on in each turn, however many there are.
let lastTurn: Promise<unknown> = Promise.resolve()

/**
 * For a calculation that is long: called before each of its parts, none of which takes longer than some milliseconds. What came before the
 * first one, such as a query, did not hold the event loop.
 */
export function slices (): YieldToRequests {
  let began: number | undefined
  return async () => {
    began ??= performance.now()
    if (performance.now() - began < sliceMs) return
    const mine = lastTurn.then(() => nextTurn())
    lastTurn = mine
    await mine
    began = performance.now()
  }
}
