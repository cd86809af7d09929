import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { anExperiment } from '../support/log.ts'
import type { Service } from '../support/service.ts'
import { aListener, type Frame, revisionsOf } from '../support/stream.ts'
import { workOf } from '../support/work.ts'

const times = { start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:01:00Z' }

/** What takes part in a command: devices and containers by name, experiments by a letter. */
type Part = string
type Told = { revision: number, what: string, parts: readonly Part[] }

/** A lab in which each command is noted with what takes part in it. */
async function aNotedLab (t: Test) {
  const { service, stream, revision } = await aListener(t, { heartbeatMs: 100 })
  await service.put('/api/lab/config', { sila_servers: { devices: { Fridge: { capacity: 5, type: 'storage' }, Hotel: { capacity: 500, type: 'storage' }, Washer: { capacity: 5 }, Reader: { capacity: 1 } } } })
  await service.post('/api/containers/batch', { containers: ['P1', 'P2', 'P3'].map((barcode) => ({ device: 'Hotel', barcode })) })
  const ids = { A: (await anExperiment(service)).id as string, B: (await anExperiment(service)).id as string, later: randomUUID() }
  // They have begun, so that a step does not also begin them.
  for (const experiment_id of [ids.A, ids.B]) await service.post('/api/steps', { ...times, device: 'Reader', experiment_id })
  const from = await revision()
  const told: Told[] = []
  const note = async (what: string, parts: readonly Part[], answer: Promise<{ status: number, body: any }>): Promise<any> => {
    const { status, body } = await answer
    if (status >= 300) throw new Error(`${what}: ${JSON.stringify(body)}`)
    told.push({ revision: await revision(), what, parts })
    return body
  }
  return { service, stream, from, told, note, ids }
}

/** The revisions that a filter selects, in the list, page by page, and in the stream. */
async function selected (service: Service, stream: Awaited<ReturnType<typeof aListener>>['stream'], { from, to, filter }: { from: number, to: number, filter: string }) {
  const listed: number[] = []
  let cursor = ''
  do {
    const { body } = await service.get(`/api/events?after=${from}&${filter}&limit=2${cursor}`)
    listed.push(...body.items.map((event: any) => event.revision))
    cursor = body.next_cursor === null ? '' : `&cursor=${body.next_cursor}`
  } while (cursor !== '')
  const { total } = (await service.get(`/api/events?after=${from}&${filter}&limit=1&count=true`)).body
  const { frames, until, kill } = await stream(`?after=${from}&${filter}`)
  await until((all: readonly Frame[]) => all.some((frame) => frame.event === 'heartbeat' && frame.id === String(to)))
  kill()
  return { listed, total, streamed: revisionsOf(frames) }
}

t.test('a filter hears each event in which what it names takes part, in the list and in the stream', async (t) => {
  const { service, stream, from, told, note, ids: { A, B, later } } = await aNotedLab(t)
  const batch = async (...steps: object[]) => await service.post('/api/steps/batch', { steps: steps.map((step) => ({ ...times, device: 'Reader', ...step })) })
  await note('an experiment and none', ['Reader', 'Hotel', 'A', 'P1', 'P2'], batch({ device: 'Hotel', containers: ['P1'] }, { experiment_id: A, containers: ['P2'] }))
  await note('none and an experiment', ['Reader', 'A', 'P1', 'P3'], batch({ experiment_id: A, containers: ['P1'] }, { containers: ['P3'] }))
  await note('two experiments', ['Reader', 'A', 'B', 'P1'], batch({ experiment_id: A, containers: ['P1'] }, { experiment_id: B, containers: ['P1', 'nobody'] }))
  await note('one experiment', ['Reader', 'A', 'P2', 'P3'], batch({ experiment_id: A, containers: ['P2'] }, { experiment_id: A, containers: ['P3', 'P2'] }))
  await note('no experiment and no container', ['Reader'], batch({}, {}))
  const single = { id: randomUUID(), ...times, device: 'Washer', experiment_id: A }
  // A container that is named later takes part from the start.
  await note('one step', ['Washer', 'A', 'P1', 'P3'], service.post('/api/steps', { ...single, containers: ['P1'] }))
  await note('the same step with one more container', ['Washer', 'A', 'P1', 'P3'], service.post('/api/steps', { ...single, containers: ['P3'] }))

  const running = { id: randomUUID(), start: new Date().toISOString(), device: 'Washer', experiment_id: B }
  await note('a step that runs', ['Washer', 'B', 'P2'], service.post('/api/steps', { ...running, containers: ['P2', 'P3'] }))
  await note('its pause', ['Washer', 'B', 'P2'], service.post(`/api/steps/${running.id}/pause`, {}))
  await note('its going on', ['Washer', 'B', 'P2'], service.post(`/api/steps/${running.id}/resume`, {}))
  await note('its end', ['Washer', 'B', 'P2'], service.post(`/api/steps/${running.id}/finish`, {}))
  await note('its correction, which takes a device and a container from it', ['Washer', 'Reader', 'B', 'P2', 'P3'],
    service.patch(`/api/steps/${running.id}`, { device: 'Reader', containers: ['P2'], reason: 'misread' }))

  const unknown = { id: randomUUID(), start: new Date().toISOString(), device: 'Reader', experiment_id: later }
  await note('a step of an experiment that is created later', ['Reader', 'later', 'P1'], service.post('/api/steps', { ...unknown, containers: ['P1'] }))
  await note('its correction', ['Reader', 'later', 'P1'], service.patch(`/api/steps/${unknown.id}`, { is_simulation: true, reason: 'a trial' }))
  await note('its end', ['Reader', 'later', 'P1'], service.post('/api/steps', { ...unknown, finish: new Date().toISOString(), containers: ['P1'] }))
  await note('a batch with it', ['Reader', 'A', 'later'], batch({ experiment_id: later }, { experiment_id: A }))
  const { body: process } = await service.post('/api/processes', { name: 'Assay', source: '' })
  await note('its creation', ['later'], service.post('/api/experiments', { id: later, process_id: process.id }))

  await note('a move', ['Hotel', 'Washer', 'P1'], service.post('/api/containers/P1/move', { target_device: 'Washer' }))
  await note('a transfer with its step', ['Washer', 'Hotel', 'Reader', 'A', 'P1'],
    service.post('/api/transfers', { barcode: 'P1', source: { device: 'Washer', position: 0 }, target: { device: 'Hotel' }, step: { ...times, device: 'Reader', experiment_id: A } }))
  await note('slots of two devices', ['Fridge', 'Hotel'], service.post('/api/reservations', { type: 'storage', count: 20, strategy: 'first', purpose: 'container', owner: 'Ada', ttl_seconds: 60 }))

  await service.put('/api/orchestrators/green', { session: 'one', ttl_seconds: 60 })
  await note('a step of a session', ['Washer', 'B', 'P3'], service.post('/api/steps', { start: new Date().toISOString(), device: 'Washer', experiment_id: B, session: 'one', containers: ['P3'] }))
  await note('its loss, and its alarm', ['Washer', 'B', 'P3'], service.put('/api/orchestrators/green', { session: 'two', ttl_seconds: 60 }))

  const to = told.at(-1)!.revision
  const ids: Record<string, string> = { A, B, later }
  const { body: { items: containers } } = await service.get('/api/containers')
  const filters = [
    ...['A', 'B', 'later'].map((name) => ({ filter: `experiment=${ids[name]!}`, parts: [name] })),
    ...['Hotel', 'Washer', 'Reader', 'Fridge'].map((name) => ({ filter: `device=${name}`, parts: [name] })),
    ...containers.flatMap(({ id, barcode }: { id: string, barcode: string }) => [{ filter: `container=${id}`, parts: [barcode] }, { filter: `container=${barcode}`, parts: [barcode] }]),
    { filter: `experiment=${A}&container=P1`, parts: ['A', 'P1'] }, { filter: `experiment=${B}&device=Washer`, parts: ['B', 'Washer'] }, { filter: 'device=Hotel&container=P1', parts: ['Hotel', 'P1'] },
    { filter: `experiment=${later}&device=Reader&container=P1`, parts: ['later', 'Reader', 'P1'] }
  ] as { filter: string, parts: string[] }[]
  for (const { filter, parts } of filters) {
    const name = `${filter} (${parts.join(' and ')})`
    const { listed, total, streamed } = await selected(service, stream, { from, to, filter })
    const whatOf = (revisions: readonly number[]): string[] => told.filter(({ revision }) => revisions.includes(revision)).map(({ what }) => what)
    t.equal(total, listed.length, `${name}: as many as are counted`)
    t.same(whatOf(streamed), told.filter((one) => parts.every((part) => one.parts.includes(part))).map(({ what }) => what), `${name}: the stream`)
    // One event of the list fits all filters; a frame has all events of its revision.
    t.same([...new Set(listed)], streamed, `${name}: the list`)
  }
})

t.test('hundreds of readers with filters of their own do not multiply the work of a revision with thousands of events', async (t) => {
  const { service, from } = await aNotedLab(t)
  const plates = Array.from({ length: 100 }, (_, n) => `Q${n}`)
  const { body: { items } } = await service.post('/api/containers/batch', { containers: plates.map((barcode) => ({ device: 'Hotel', barcode })) })
  await service.post('/api/steps/batch', { steps: Array.from({ length: 2000 }, (_, n) => ({ ...times, device: 'Reader', data: { fct: 'read' }, containers: [plates[n % 100]] })) })
  const before = (await service.get('/api/lab')).body.revision as number
  await service.post('/api/steps/exclusions', { where: { fct: 'read' }, reason: 'the lamp was broken' })
  const device = (await service.get('/api/devices/Reader')).body.id as string
  const none = { device: null, container: null, barcode: null, experiment: null, kind: null }
  const filtersOf = (count: number) => Array.from({ length: count }, (_, n) => [
    { ...none, barcode: plates[n]! }, { ...none, container: items[n].id as string, kind: 'step-corrected' }, { ...none, device, experiment: randomUUID() }, { ...none, barcode: plates[n]!, device }
  ]).flat()
  const read = async (count: number) => await service.app.store.eventLog.read({ after: before, upTo: before + 1, filters: filtersOf(count), all: false })
  t.same((await read(100)).revisions.map(({ revision, count, fits }) => [revision, count, fits.length]), [[before + 1, 2000, 300]], 'all but those of experiments')
  t.same((await service.app.store.eventLog.read({ after: from, upTo: before, filters: filtersOf(100), all: false })).revisions.at(-1)?.fits.length, 200, 'and of the batch all but those of its kind')
  const work = async (count: number) => await workOf(service, async () => ({ status: (await read(count)).revisions.length === 1 ? 200 : 500, text: '' }), t)
  const [few, many] = [await work(1), await work(100)]
  t.ok(many.rows <= few.rows + 2000, `rows read: ${few.rows} for 4 filters, ${many.rows} for 400`)
})
