import t, { type Test } from 'tap'
import type { LabState } from '../../web/src/api/generated/schema.d.ts'
import { openLiveLab, type Link, type Live, type LiveLab } from '../../web/src/lab/live-lab.ts'
import { labStateOf } from '../../web/src/lab/world.ts'
import { aListener } from '../support/stream.ts'

type Calls = Parameters<typeof openLiveLab>[0]

const quick = { retryMs: [20], graceMs: 100, behindMs: 100 }

function follow (t: Test, calls: Pick<Calls, 'readLab' | 'openStream'>): LiveLab {
  const lab = openLiveLab({ ...quick, ...calls })
  t.teardown(lab.stop)
  return lab
}

/** As the page does it, at this address. */
function callsOf (address: string): Pick<Calls, 'readLab' | 'openStream'> {
  return {
    readLab: async (signal) => await fetch(`${address}/api/lab`, { signal }),
    openStream: async (after, signal) => await fetch(`${address}/api/events/stream?after=${after}`, { signal })
  }
}

async function until (lab: LiveLab, isEnough: (live: Live) => boolean): Promise<void> {
  if (isEnough(lab.get())) return
  await new Promise<void>((resolve) => {
    const end = lab.subscribe(() => {
      if (!isEnough(lab.get())) return
      end()
      resolve()
    })
  })
}

const linked = (state: Link['state']) => ({ link }: Live): boolean => link.state === state
const knows = (revision: number) => ({ world }: Live): boolean => world !== null && world.revision >= revision

const empty: LabState = {
  revision: 1, devices: [], totals: { devices: 0, positions: 0, occupied: 0, empty: 0, utilization: null, containers: 0, containers_missing: 0, containers_removed: 0 }
}
const aLog = '0199f2f0-2f6b-7c1d-9e3a-4b5c6d7e8f90'
const now = '2026-03-02T09:15:00.000Z'

/** A stream of these frames, which then stays open. */
function streamOf (...frames: [event: string, data: object][]): Response {
  return new Response(new ReadableStream({
    start (controller) { for (const [event, data] of frames) controller.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) }
  }))
}

t.test('the page follows the lab, also over changes that no frame can tell', async (t) => {
  const { service, address, revision } = await aListener(t)
  const lab = follow(t, callsOf(address))
  await until(lab, linked('live'))
  const told: (number | null)[] = []
  lab.onChange((frame) => told.push(frame?.revision ?? null))
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  const moved = await revision()
  await lab.reached(moved)
  t.strictSame(told, [moved - 1, moved])
  await service.post('/api/devices', { name: 'Shelf', group: 'devices', capacity: 2 })
  await until(lab, knows(await revision()))
  t.match((await service.get('/api/lab')).body, labStateOf(lab.get().world!))
  t.equal(lab.get().resyncs, 0)
})

t.test('a proxy that answers 502 is asked again, and nothing that happened meanwhile is missed', async (t) => {
  const { service, address, revision } = await aListener(t)
  const { readLab, openStream } = callsOf(address)
  let isBroken = false
  let connection: AbortController | undefined
  const lab = follow(t, {
    readLab,
    openStream: async (after, signal) => {
      if (isBroken) return new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } })
      connection = new AbortController()
      return await openStream(after, AbortSignal.any([signal, connection.signal]))
    }
  })
  await until(lab, linked('live'))
  isBroken = true
  connection!.abort()
  await until(lab, linked('lost'))
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  isBroken = false
  await until(lab, linked('live'))
  await until(lab, knows(await revision()))
  t.equal(lab.get().world!.placed.size, 1)
})

t.test('a connection that is back within the grace is not worth a word', async (t) => {
  const { address } = await aListener(t)
  const { readLab, openStream } = callsOf(address)
  let opened = 0
  let connection = new AbortController()
  const lab = follow(t, {
    readLab,
    openStream: async (after, signal) => {
      opened++
      connection = new AbortController()
      return await openStream(after, AbortSignal.any([signal, connection.signal]))
    }
  })
  await until(lab, linked('live'))
  const states: string[] = []
  lab.subscribe(() => states.push(lab.get().link.state))
  connection.abort()
  while (opened < 2 || lab.get().link.state !== 'live') await new Promise((resolve) => setTimeout(resolve, 5))
  t.notOk(states.includes('lost'))
})

t.test('a refusal says what is wrong: no key, or no database', async (t) => {
  let answer = new Response('{}', { status: 401 })
  const lab = follow(t, { readLab: async () => answer.clone(), openStream: async () => streamOf(['hello', { revision: 1, now, log_id: aLog, version: '1' }]) })
  await until(lab, linked('signed-out'))
  answer = new Response('{}', { status: 503, headers: { 'content-type': 'application/problem+json' } })
  await until(lab, linked('no-database'))
  answer = Response.json(empty)
  await until(lab, linked('live'))
  t.equal(lab.get().version, '1')
})

t.test('a page that is behind a heartbeat for long reads the lab again, and counts it', async (t) => {
  const hello = ['hello', { revision: 1, now, log_id: aLog, version: '1' }] as [string, object]
  const answers = [empty, { ...empty, revision: 7 }]
  const streams = [streamOf(hello, ['heartbeat', { revision: 7, now }]), streamOf(hello)]
  const lab = follow(t, { readLab: async () => Response.json(answers.shift()), openStream: async () => streams.shift()! })
  await until(lab, linked('catching-up'))
  t.match(lab.get().link, { at: 1, newest: 7 })
  await until(lab, knows(7))
  t.equal(lab.get().resyncs, 1)
})

t.test('a log that was restored from a backup is read again, although its revision is lower', async (t) => {
  const answers = [{ ...empty, revision: 9 }, { ...empty, revision: 4 }]
  const streams = [
    streamOf(['hello', { revision: 9, now, log_id: aLog, version: '1' }], ['reset', { revision: 4, now, log_id: '0199f2f0-2f6b-7c1d-9e3a-4b5c6d7e8f91' }]),
    streamOf(['hello', { revision: 4, now, log_id: '0199f2f0-2f6b-7c1d-9e3a-4b5c6d7e8f91', version: '1' }])
  ]
  const lab = follow(t, { readLab: async () => Response.json(answers.shift()), openStream: async () => streams.shift()! })
  await until(lab, ({ world, link }) => world?.revision === 4 && link.state === 'live')
  t.equal(lab.get().resyncs, 0)
})

t.test('a page that has just opened and is woken by its browser does not read the lab twice', async (t) => {
  let reads = 0
  const lab = follow(t, {
    readLab: async (signal) => {
      reads++
      await new Promise((resolve) => setTimeout(resolve, 50))
      signal.throwIfAborted()
      return Response.json(empty)
    },
    openStream: async () => streamOf(['hello', { revision: 1, now, log_id: aLog, version: '0.2.0' }])
  })
  lab.wake()
  await until(lab, linked('live'))
  t.equal(reads, 1)
})
