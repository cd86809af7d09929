import { type CloudEvent, HTTP } from 'cloudevents'
import t from 'tap'
import { cloudEventType } from '../../src/contract/cloud-events.ts'
import { eventKinds } from '../../src/contract/events.ts'
import { aLab, type Service } from '../support/service.ts'

const accept = { accept: 'application/cloudevents-batch+json' }

/** Reads events as the library of CloudEvents reads them: it throws for what it finds invalid. */
async function cloudEvents (service: Service, path: string): Promise<{ events: CloudEvent<any>[], link: string | undefined }> {
  const { status, headers, text } = await service.get(path, accept)
  if (status !== 200) throw new Error(`${path} was answered with ${status}: ${text}`)
  const events = HTTP.toEvent<any>({ headers: headers as Record<string, string>, body: text }) as CloudEvent<any>[]
  return { events: events.filter((event) => event.validate()), link: headers.link as string | undefined }
}

t.test('the list of events is a batch of CloudEvents for those who ask for it, as their library reads them', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  const { body: { id } } = await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await service.post('/api/containers/batch', { containers: [{ device: 'Hotel' }, { device: 'Hotel' }] })
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  const { body: { items } } = await service.get('/api/events')
  const { headers } = await service.get('/api/events', accept)
  t.match(headers, { 'content-type': 'application/cloudevents-batch+json; charset=utf-8', vary: 'accept' })
  const { events, link } = await cloudEvents(service, '/api/events')
  t.equal(link, undefined)
  t.strictSame(events.map(({ data }) => data), items, 'each has the event of the list')
  t.same(events.map((event) => event.time), items.map((event: any) => event.recorded_at))
  const [moved] = events.slice(-1)
  const { log_id } = await service.app.store.eventLog.head()
  t.match(moved, { specversion: '1.0', id: `${items.at(-1).revision}.0`, source: `/labs/${log_id}`, type: 'platform-status.container.moved.v1', subject: `containers/${id}`, data: { kind: 'moved' } })
  t.same(events.filter(({ data }) => data.revision === items.at(-1).revision - 1).map((event) => event.id), [`${items.at(-1).revision - 1}.0`, `${items.at(-1).revision - 1}.1`])
  const sequences = events.map((event) => event.sequence as string)
  t.same(sequences, [...new Set(sequences)].sort(), 'the order of the texts is that of the log')
})

t.test('the subject is what changed, as a path of the API', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await service.put('/api/labware-types/96 well', { height_mm: 14 })
  await service.post('/api/reservations', { device: 'Hotel', count: 1, owner: 'me', purpose: 'container', ttl_seconds: 60 })
  const { body: process } = await service.post('/api/processes', { name: 'p', source: 's' })
  const { body: experiment } = await service.post('/api/experiments', { process_id: process.id })
  const { body: step } = await service.post('/api/steps', { device: 'Hotel', experiment_id: experiment.id, start: '2026-03-02T09:00:00Z' })
  const { body: webhook } = await service.post('/api/webhooks', { url: 'http://127.0.0.1:9/hook' })
  await service.patch(`/api/webhooks/${webhook.id}`, { disabled: true })
  const { body: device } = await service.get('/api/devices/Hotel')
  await service.put('/api/lab/config', { description: 'another', sila_servers: { devices: { Hotel: { capacity: 4 } } } })
  const { events } = await cloudEvents(service, '/api/events')
  const subjects = new Map(events.map(({ type, subject }) => [type.replace(/^platform-status\.|\.v1$/g, ''), subject]))
  t.match(Object.fromEntries(subjects), {
    'device.added': `devices/${device.id}`, 'labware-type.added': 'labware-types/96%20well', 'position.reserved': `devices/${device.id}`, 'experiment.created': `experiments/${experiment.id}`,
    'steps.logged': `steps/${step.id}`, 'webhook.disabled': `webhooks/${webhook.id}`, 'lab.updated': undefined
  })
  for (const subject of subjects.values()) if (subject?.startsWith('labware-types')) t.equal((await service.get(`/api/${subject}`)).status, 200, 'which answers')
})

t.test('pages follow the header Link, with every filter', async (t) => {
  const service = await aLab(t, { 'Hotel?&%+ä': 9 })
  for (let n = 0; n < 7; n++) await service.post('/api/containers', { device: 'Hotel?&%+ä' })
  const query = `device=${encodeURIComponent('Hotel?&%+ä')}&kind=added&limit=3`
  const { events: all } = await cloudEvents(service, `/api/events?${query.replace('limit=3', 'limit=500')}`)
  const read: string[] = []
  const sizes: number[] = []
  for (let next: string | null = `/api/events?${query}`; next !== null;) {
    const { events, link } = await cloudEvents(service, next)
    read.push(...events.map(({ id }) => id))
    sizes.push(events.length)
    next = link === undefined ? null : /^<([^>]+)>; rel="next"$/.exec(link)![1]!
  }
  t.same(sizes, [3, 3, 1])
  t.same(read, all.map(({ id }) => id))
})

t.test('JSON is the default, an empty page is an empty batch, and a total is refused by its name', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  for (const other of ['*/*', 'application/*', 'application/json', 'text/html', 'application/json, application/cloudevents-batch+json;q=0.5']) {
    t.match(await service.get('/api/events', { accept: other }), { headers: { 'content-type': 'application/json; charset=utf-8' }, body: { items: Array } }, other)
  }
  t.match(await service.get('/api/events?kind=moved', accept), { status: 200, text: '[]' })
  t.match(await service.get('/api/events?count=true', accept), { status: 400, headers: { 'content-type': /^application\/problem\+json/ }, body: { errors: [{ in: 'query', parameter: 'count' }] } })
  t.match(await service.get('/api/events?count=false', accept), { status: 200 })
  t.match(await service.get('/api/events?cursor=x', accept), { status: 400, body: { code: 'invalid-cursor' } })
})

t.test('each kind of event has a type of its own, which names a noun', (t) => {
  t.strictSame(Object.fromEntries(eventKinds.map((kind) => [kind, cloudEventType(kind).replace(/^platform-status\.(.*)\.v1$/, '$1')])), {
    added: 'container.added', moved: 'container.moved', lidded: 'container.lidded', unlidded: 'container.unlidded', 'barcode-set': 'container.barcode-set', updated: 'container.updated',
    removed: 'container.removed', disposed: 'container.disposed', corrected: 'container.corrected', missing: 'container.missing', found: 'container.found', restored: 'container.restored',
    'device-added': 'device.added', 'device-updated': 'device.updated', 'device-grown': 'device.grown', 'device-shrunk': 'device.shrunk', 'device-retired': 'device.retired',
    'device-restored': 'device.restored', 'device-named': 'device.named', 'certificate-set': 'certificate.set', 'certificate-removed': 'certificate.removed', 'position-updated': 'position.updated',
    'labware-type-added': 'labware-type.added', 'labware-type-updated': 'labware-type.updated', 'labware-type-deleted': 'labware-type.deleted',
    'lab-updated': 'lab.updated', 'lab-wiped': 'lab.wiped', 'lab-restored': 'lab.restored',
    'position-reserved': 'position.reserved', 'reservation-renewed': 'reservation.renewed', 'reservation-released': 'reservation.released',
    'experiment-created': 'experiment.created', 'experiment-updated': 'experiment.updated', 'experiment-paused': 'experiment.paused', 'experiment-resumed': 'experiment.resumed', 'experiment-lost': 'experiment.lost',
    'experiment-recovered': 'experiment.recovered', 'step-recovered': 'step.recovered',
    'steps-logged': 'steps.logged', 'step-finished': 'step.finished', 'step-corrected': 'step.corrected', 'step-paused': 'step.paused', 'step-resumed': 'step.resumed', 'step-lost': 'step.lost',
    'step-alarm': 'step.alarm', 'step-alarm-over': 'step.alarm-over', 'alarm-acknowledged': 'alarm.acknowledged', 'webhook-disabled': 'webhook.disabled', 'webhook-enabled': 'webhook.enabled'
  })
  t.end()
})
