import t from 'tap'
import { nameOfPlace, placeOf, readRuns } from '../../src/demo/robotlab.ts'

t.test('the records are read as what they are', async (t) => {
  const runs = await readRuns()
  t.equal(runs.length, 32)
  t.equal(sum(runs.map(({ steps }) => steps.length)), 16_939)
  t.equal(sum(runs.map(({ events }) => events.length + 1)), 6_019)
  for (const { name, events, steps } of runs) {
    const carried = events.filter((event) => event.kind === 'move' && !inStack(event.src) && !inStack(event.dst))
    const moves = steps.filter(({ kind }) => kind === 'move').sort((a, b) => a.finish < b.finish ? -1 : 1)
    t.strictSame(
      moves.map(({ origin, destination, containers }) => [nameOfPlace(origin!), nameOfPlace(destination!), containers[0]?.split('-').at(-1)]),
      carried.map((event) => event.kind === 'move' && [event.src, event.dst, event.what]),
      `${name}: the moves among the steps are the arm's moves in the lab`)
  }
})

t.test('places of the lab are slots, and back', async (t) => {
  const places = {
    A1: { device: 'A', position: 0 }, B21: { device: 'B', position: 20 },
    incu: { device: 'incu', position: 0 }, L1: { device: 'incu', position: 1 }, L22: { device: 'incu', position: 22 }, R1: { device: 'incu', position: 23 },
    wash: { device: 'wash', position: 0 }
  }
  for (const [name, place] of Object.entries(places)) {
    t.strictSame(placeOf(name), place)
    t.equal(nameOfPlace(place), name)
  }
})

/** A slot inside the incubator, which the arm cannot reach. */
function inStack (place: string): boolean {
  return /^[LR]\d+$/.test(place)
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
