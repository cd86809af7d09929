import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { fairGate } from './fair-gate.ts'

/** Larger bodies take their turn. A smaller one is parsed and checked in a few milliseconds. */
export const turnBytes = 65_536
const longestPauseMs = 500
/** After a body, the event loop is free for this many times the time that the body held it. */
const freeTimes = 3

/**
 * Large bodies are parsed and checked one after the other. After each, the event loop is free for three times as long as the body held it: fifty
 * clients that send batches at the same time leave three quarters of the time to others. The actors take turns.
 */
export function bodyTurns (waitMs: number) {
  const gate = fairGate(() => 1, waitMs, 'Other large bodies are still being read. Retry in one second.')
  return {
    /** Runs `parse`. What follows synchronously, such as the validation, counts as part of it. */
    async take<T> (actor: string, parse: () => T): Promise<T> {
      return await new Promise<T>((resolve, reject) => {
        gate.run(actor, async () => {
          const began = performance.now()
          await Promise.resolve().then(parse).then(resolve, reject)
          await nextTurn()
          await sleep(Math.min(longestPauseMs, freeTimes * (performance.now() - began)))
        }).catch(reject)
      })
    }
  }
}
