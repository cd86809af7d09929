import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { LabState, StreamRevision } from '../../web/src/api/generated/schema.d.ts'
import { isAllWaste, keepingOf, keptSlots } from '../../web/src/lab/waste.ts'
import { placeOf } from '../../web/src/parts/place-label.ts'
import { applyFrame, labStateOf, worldOf, type World } from '../../web/src/lab/world.ts'
import { seededRandom } from '../../src/estimation/random.ts'
import { devices, draw, properties, setUp } from '../model/commands.ts'
import { aModelLab, remember } from '../model/lab.ts'
import { aStream, has, revisionsOf, type Frame } from '../support/stream.ts'
import { aLab } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

const seed = Number(process.env.MODEL_SEED ?? Date.now() % 1_000_000_000)
const commands = 150

const empty: LabState = { revision: 4, totals: { devices: 0, positions: 0, occupied: 0, empty: 0, utilization: null, containers: 0, containers_missing: 0, containers_removed: 0 }, devices: [] }

type Followed = { start: LabState, frames: StreamRevision[], ofHotel: StreamRevision[], states: ReadonlyMap<number, LabState> }

const followed = new Promise<Followed>((resolve, reject) => {
  t.test(`the world after each frame is the lab of that revision (MODEL_SEED=${seed})`, async (t) => {
    const service = await aLab(t, devices)
    const address = await service.listen()
    await setUp(service)
    const read = async (): Promise<LabState> => (await service.get('/api/lab')).body
    const start = await read()
    const streams = await Promise.all(['', '&device=Hotel'].map(async (filter) => await aStream(`${address}/api/events/stream?after=${start.revision}${filter}`)))
    for (const { kill } of streams) t.teardown(kill)
    const random = seededRandom([seed])
    const lab = aModelLab(devices, properties)
    remember(lab, start.revision)
    const states = new Map([[start.revision, start]])
    for (let n = 0; n < commands; n++) {
      const command = draw(random, lab)
      const { status } = await command.send(service, command.repeats === 'key' ? randomUUID() : undefined)
      command.expected(lab)
      if (status >= 300) continue
      const state = await read()
      states.set(state.revision, state)
      remember(lab, state.revision)
    }
    // A last revision that both streams show.
    await service.patch('/api/devices/Hotel', { description: randomUUID() })
    const last = await read()
    states.set(last.revision, last)
    const [all, ofHotel] = await Promise.all(streams.map(async (stream) => framesOf(await stream.until((frames) => revisionsOf(frames).includes(last.revision)))))
    t.ok(has('hello')(streams[0]!.frames))
    let world = worldOf(start)
    const reloaded: string[][] = []
    for (const frame of all!) {
      const next = applyFrame(world, frame)
      if (next === null) reloaded.push(frame.events!.map(({ kind }) => kind))
      world = next ?? worldOf(states.get(frame.revision)!)
      t.strictSame(labStateOf(world), knownOf(states.get(frame.revision)!), `revision ${frame.revision}: ${frame.events?.map(({ kind }) => kind).join(' ')}`)
    }
    t.same(reloaded.filter((kinds) => !kinds.some((kind) => /^(device|position|lab)-/.test(kind))), [], 'only what changes devices, slots or the lab needs the whole lab')
    resolve({ start, frames: all!, ofHotel: ofHotel!, states })
  }).catch(reject)
})

/** The world when the frames come in this order; what a frame does not say is read from the service, which may be ahead. */
function follow ({ start, states }: Followed, frames: readonly StreamRevision[], ahead = 0): World {
  const newest = Math.max(...states.keys())
  return frames.reduce((world, frame) => applyFrame(world, frame) ?? worldOf(states.get(Math.min(frame.revision + ahead, newest))!), worldOf(start))
}

t.test('frames that come again, and readings of the lab that are ahead of the stream, lead to the same world', async (t) => {
  const told = await followed
  const { frames, states } = told
  await t.resolves(fc.assert(fc.asyncProperty(fc.array(fc.nat(frames.length - 1), { maxLength: 8 }), fc.nat(5), async (cuts, ahead) => {
    // After each cut the stream resumes earlier than it was, as after a connection that was lost before the last frames were seen.
    const seen = [...cuts.sort((a, b) => a - b), frames.length].flatMap((cut, n, all) => frames.slice(Math.max(0, (all[n - 1] ?? 0) - 3), cut))
    const world = follow(told, seen, ahead)
    if (world.revision !== Math.max(...states.keys())) return false
    return JSON.stringify(labStateOf(world)) === JSON.stringify(knownOf(states.get(world.revision)!))
  }), { numRuns: repetitions({ quick: 20, thorough: 60 }) }))
})

t.test('a stream of one device keeps that device as it is', async (t) => {
  const told = await followed
  let world = worldOf(told.start)
  t.ok(told.ofHotel.length > 0 && told.ofHotel.length < told.frames.length, 'the filter lets some through')
  for (const frame of told.ofHotel) {
    const state = told.states.get(frame.revision)!
    world = applyFrame(world, frame) ?? worldOf(state)
    t.strictSame(hotelOf(labStateOf(world)), hotelOf(knownOf(state)), `revision ${frame.revision}`)
  }
})

t.test('slots that are waste hold nothing, and a change of a slot asks for the whole lab', (t) => {
  const device = { group: 'storage', type: null, view: null as never, deep_well: [], reserved: [], containers: [], lids: [], occupied: 0 }
  const { devices } = worldOf({
    ...empty, devices: [
      { ...device, name: 'Hotel', positions: 4, disposes: false, waste: [0, 3] }, { ...device, name: 'Bin', positions: 2, disposes: true, waste: [0] },
      { ...device, name: 'Chute', positions: 0, disposes: true, waste: [] }, { ...device, name: 'Greeter', positions: 0, disposes: false, waste: [] }
    ]
  })
  t.strictSame([...devices.values()].map((one) => [one.name, keptSlots(one), keepingOf(one), isAllWaste(one)]), [
    ['Hotel', [1, 2], 2, false], ['Bin', [1], 1, false], ['Chute', [], 0, true], ['Greeter', [], 0, false]
  ])
  t.strictSame([placeOf('Hotel 0', { devices }), placeOf('Hotel 1', { devices }), placeOf('Chute', { devices }), placeOf('Bin', { devices })], [null, { device: 'Hotel', position: 1 }, null, { device: 'Bin' }])
  const frame = { revision: 5, recorded_at: '2026-03-02T09:15:00.000Z', actor: null, request_id: null }
  const event = { ...frame, reason: null, container_id: null, device_id: null, step_id: null, experiment_id: null, before: null, after: { disposes: true }, kind: 'position-updated' }
  t.equal(applyFrame(worldOf(empty), { ...frame, events: [event] }), null)
  t.end()
})

t.test('a frame of an unknown kind, and one without its events, ask for the whole lab', (t) => {
  const world = worldOf(empty)
  const frame = { revision: 5, recorded_at: '2026-03-02T09:15:00.000Z', actor: null, request_id: null }
  const event = { ...frame, reason: null, container_id: null, device_id: null, step_id: null, experiment_id: null, before: null, after: {} }
  t.equal(applyFrame(world, { ...frame, events: null, count: 201 }), null)
  t.equal(applyFrame(world, { ...frame, events: [{ ...event, kind: 'robot-danced' }] }), null)
  t.same(applyFrame(world, { ...frame, events: [{ ...event, kind: 'steps-logged' }] }), { ...world, revision: 5 })
  t.equal(applyFrame(world, { ...frame, revision: 4, events: null, count: 201 }), world, 'what is known already changes nothing')
  t.end()
})

function framesOf (frames: readonly Frame[]): StreamRevision[] {
  return frames.filter(({ event }) => event === 'revision').map(({ data }) => data as StreamRevision)
}

type Known = ReturnType<typeof labStateOf>

/** What the world knows of a lab; events tell nothing of the rest. */
function knownOf ({ revision, totals, devices }: LabState): Known {
  return {
    revision, totals,
    devices: devices.map(({ name, group, positions, occupied, disposes, waste, containers, lids }) => ({
      name, group, positions, occupied, disposes, waste, containers: containers.map(({ id, barcode, name, position, lidded, lid }) => ({ id, barcode, name, position, lidded, lid })),
      lids: lids.map(({ container_id, barcode, name, position }) => ({ container_id, barcode, name, position })).sort((a, b) => a.position - b.position)
    }))
  }
}

function hotelOf ({ devices }: Known): unknown {
  return devices.find(({ name }) => name === 'Hotel')
}
