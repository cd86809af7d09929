import { setImmediate as nextTurn } from 'node:timers/promises'

/** Gives the event loop back if it was held for some milliseconds. */
export type YieldToRequests = () => Promise<void>

/** Requests of others wait this long for a long calculation. */
const sliceMs = 5

/** For a calculation that is long: called between its parts, none of which takes longer than some milliseconds. */
export function slices (): YieldToRequests {
  let began = performance.now()
  return async () => {
    if (performance.now() - began < sliceMs) return
    await nextTurn()
    began = performance.now()
  }
}
