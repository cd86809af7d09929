import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { fairGate } from '../../src/plugins/fair-gate.ts'

/** Work that goes on until `end` is called. */
function aPiece () {
  let end!: () => void
  const ended = new Promise<void>((resolve) => { end = resolve })
  return { work: async () => await ended, end }
}

t.test('so many run at once; of those who wait, the actors take turns', async (t) => {
  const gate = fairGate(() => 2, 10_000, 'busy')
  const order: string[] = []
  const first = [aPiece(), aPiece()]
  const running = first.map(async ({ work }) => await gate.run('reader', work))
  const waiting = ['reader', 'reader', 'reader', 'robot', 'other'].map(async (actor, n) => await gate.run(actor, async () => { order.push(`${actor} ${n}`) }))
  await new Promise(setImmediate)
  t.same(order, [], 'no third one runs')
  first[0]!.end()
  await Promise.all(waiting)
  t.same(order, ['reader 0', 'robot 3', 'other 4', 'reader 1', 'reader 2'])
  first[1]!.end()
  await Promise.all(running)
  t.equal(await gate.run('reader', async () => 'done'), 'done', 'all places are free again')
})

t.test('the work learns how long it has waited', async (t) => {
  const gate = fairGate(() => 1, 10_000, 'busy')
  const piece = aPiece()
  const running = gate.run('a', async (waitedMs) => {
    t.equal(waitedMs, 0)
    await piece.work()
  })
  const next = gate.run('b', async (waitedMs) => waitedMs)
  await sleep(50)
  piece.end()
  t.ok(await next > 40)
  await running
})

t.test('who waits too long is refused, and takes no place', async (t) => {
  const gate = fairGate(() => 1, 5, 'The service is busy.')
  const piece = aPiece()
  const running = gate.run('a', piece.work)
  const late = await Promise.allSettled([gate.run('a', async () => {}), gate.run('b', async () => {})])
  t.match(late, [{ reason: { code: 'too-busy', message: 'The service is busy.' } }, { reason: { code: 'too-busy' } }])
  piece.end()
  await running
  await t.rejects(gate.run('a', async () => { throw new Error('fault') }), { message: 'fault' })
  t.equal(await gate.run('b', async () => 1), 1, 'a fault frees the place, too')
})

t.test('while there are fewer places, fewer run; when there are more again, all of them are taken', async (t) => {
  let places = 3
  const gate = fairGate(() => places, 10_000, 'busy')
  const pieces = Array.from({ length: 6 }, aPiece)
  const begun: number[] = []
  const all = pieces.map(async ({ work }, n) => await gate.run('reader', async () => { begun.push(n); await work() }))
  await new Promise(setImmediate)
  t.same(begun, [0, 1, 2])
  places = 1
  for (const n of [0, 1]) pieces[n]!.end()
  await new Promise(setImmediate)
  t.same(begun, [0, 1, 2], 'one still runs')
  pieces[2]!.end()
  await new Promise(setImmediate)
  t.same(begun, [0, 1, 2, 3])
  places = 3
  pieces[3]!.end()
  await new Promise(setImmediate)
  t.same(begun, [0, 1, 2, 3, 4, 5])
  for (const { end } of pieces) end()
  await Promise.all(all)
})

t.test('places that come while nobody leaves are taken by who waited first', async (t) => {
  let places = 1
  const gate = fairGate(() => places, 10_000, 'busy')
  const pieces = Array.from({ length: 4 }, aPiece)
  const begun: number[] = []
  const run = async (n: number) => await gate.run('reader', async () => { begun.push(n); await pieces[n]!.work() })
  const all = [run(0), run(1), run(2)]
  await new Promise(setImmediate)
  t.same(begun, [0])
  places = 2
  gate.fill()
  await new Promise(setImmediate)
  t.same(begun, [0, 1])
  places = 3
  all.push(run(3))
  await new Promise(setImmediate)
  t.same(begun, [0, 1, 2], 'who comes then lets the first one in')
  for (const { end } of pieces) end()
  await Promise.all(all)
})
