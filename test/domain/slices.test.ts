import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { slices } from '../../src/domain/slices.ts'

// Long calculations give the event loop back to requests.

/** Computes for some milliseconds. */
function compute (ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** Counts the turns of the event loop. */
function turns () {
  let count = 0
  let going = true
  const next = (): void => {
    count++
    if (going) setImmediate(next)
  }
  setImmediate(next)
  return { now: () => count, stop: () => { going = false } }
}

t.test('in each turn of the event loop one calculation goes on, however many there are', async (t) => {
  const turn = turns()
  const ran: { turn: number, who: number }[] = []
  await Promise.all([1, 2, 3].map(async (who) => {
    const yieldToRequests = slices()
    for (let part = 0; part < 10; part++) {
      await yieldToRequests()
      ran.push({ turn: turn.now(), who })
      compute(3)
    }
  }))
  turn.stop()
  // The first parts run at once, before anybody gives the event loop back.
  const later = ran.slice(3)
  t.equal(later.length, 27)
  t.equal(new Set(later.map(({ turn }) => turn)).size, 27, 'each part has a turn of its own')
  for (const who of [1, 2, 3]) t.equal(later.slice(0, 6).filter((part) => part.who === who).length, 2, 'and they take turns')
})

t.test('a short calculation does not wait, however long the query before it took', async (t) => {
  const yieldToRequests = slices()
  await sleep(5)
  const turn = turns()
  for (let part = 0; part < 3; part++) await yieldToRequests()
  t.equal(turn.now(), 0)
  turn.stop()
})
