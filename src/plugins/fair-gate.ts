import { problem } from '../contract/problems.ts'

type Waiting = { enter: () => void }

/**
 * Lets `places` callers in at a time. Others wait `waitMs` at most, then they are refused with `too-busy`. Of those who wait
 * each actor is served in turn, so one actor's many requests delay another actor's request by one of them.
 */
export function fairGate (places: number, waitMs: number, busy: string) {
  let free = places
  // in the order in which the actors are served; an actor without waiting requests has no entry
  const queues = new Map<string, Waiting[]>()

  function leave (): void {
    const [next] = queues
    if (next === undefined) {
      free += 1
      return
    }
    const [actor, queue] = next
    queues.delete(actor)
    const first = queue.shift()!
    if (queue.length > 0) queues.set(actor, queue)
    first.enter()
  }

  async function enter (actor: string): Promise<void> {
    if (free > 0) {
      free -= 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        const left = queues.get(actor)!.filter((one) => one !== waiting)
        if (left.length === 0) queues.delete(actor)
        else queues.set(actor, left)
        reject(problem('too-busy', busy))
      }, waitMs)
      const waiting: Waiting = {
        enter: () => {
          clearTimeout(limit)
          resolve()
        }
      }
      const queue = queues.get(actor)
      if (queue === undefined) queues.set(actor, [waiting])
      else queue.push(waiting)
    })
  }

  return {
    /** Runs something inside. Throws `too-busy` when no place is free in time. */
    async run<T> (actor: string, work: () => Promise<T>): Promise<T> {
      await enter(actor)
      try {
        return await work()
      } finally {
        leave()
      }
    }
  }
}
