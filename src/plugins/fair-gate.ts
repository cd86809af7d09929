import { problem } from '../contract/problems.ts'

type Waiting = { enter: () => void }

/**
 * Runs at most `places` pieces of work at the same time, at least one. The number can change; after it has grown, `fill` begins what waits. Others wait
 * up to `waitMs`, and are then refused with `too-busy`. The waiting actors take turns, so the many requests of one actor delay a request of another actor by one of them only.
 */
export function fairGate (places: () => number, waitMs: number, busy: string) {
  let running = 0
  // In the order of turns. An actor without waiting requests has no entry.
  const queues = new Map<string, Waiting[]>()

  function fill (): void {
    for (const [actor, queue] of queues) {
      if (running >= places()) return
      queues.delete(actor)
      const first = queue.shift()!
      // The actor goes to the end of the order.
      if (queue.length > 0) queues.set(actor, queue)
      running += 1
      first.enter()
    }
  }

  function leave (): void {
    running -= 1
    fill()
  }

  /** Waits for a place, and returns how long it has waited. */
  async function wait (actor: string, longestMs: number): Promise<number> {
    const since = performance.now()
    return await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        const others = queues.get(actor)!.filter((one) => one !== waiting)
        if (others.length === 0) queues.delete(actor)
        else queues.set(actor, others)
        reject(problem('too-busy', busy))
      }, longestMs)
      const waiting: Waiting = {
        enter: () => {
          clearTimeout(timer)
          resolve(performance.now() - since)
        }
      }
      const queue = queues.get(actor)
      if (queue === undefined) queues.set(actor, [waiting])
      else queue.push(waiting)
      fill()
    })
  }

  return {
    /** Begins what waits, as far as there are places. */
    fill,

    /** Runs some work in its turn, and tells it how long it has waited. Throws `too-busy` if there is no free place in time. */
    async run<T> (actor: string, work: (waitedMs: number) => Promise<T>, longestMs = waitMs): Promise<T> {
      let waitedMs = 0
      if (queues.size === 0 && running < places()) running += 1
      else waitedMs = await wait(actor, longestMs)
      try {
        return await work(waitedMs)
      } finally {
        leave()
      }
    }
  }
}
