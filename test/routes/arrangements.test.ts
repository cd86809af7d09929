import t from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { aLab, type Service } from '../support/service.ts'

const reason = 'seen by a person'

async function aFullLab (t: Parameters<typeof aLab>[0]): Promise<Service> {
  const lab = await aLab(t, { Hotel: 6, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'A', lidded: true })
  await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'B', lid: { device: 'Hotel', position: 5 } })
  await lab.post('/api/containers', { device: 'Washer', position: 0, barcode: 'C' })
  return lab
}

const arrange = (lab: Service, items: object[], more: object = {}, query = '') => lab.post(`/api/arrangements${query}`, { reason, items, ...more })
const at = (container: string, device: string, position: number, more: object = {}) => ({ container, device, position, ...more })

t.test('28 plates that were shuffled in their 28 slots are one call with 28 changes, one event each', async (t) => {
  const lab = await aLab(t, { Stack: 28 })
  const plates = Array.from({ length: 28 }, (_, n) => `PLATE_${n}`)
  await lab.post('/api/containers/batch', { containers: plates.map((barcode, position) => ({ device: 'Stack', position, barcode })) })
  const { body: { revision } } = await lab.get('/api/lab')
  // With an odd shift no plate stays where it was.
  const shift = 1 + 2 * Math.floor(seededRandom([28])() * 14)
  const items = plates.map((barcode, position) => at(barcode, 'Stack', (position * 3 + shift) % 28))
  const { status, body } = await arrange(lab, items)
  t.equal(status, 200)
  t.match(body, { findings: [], warnings: [], revision: revision + 1 })
  t.equal(body.changes.length, 28)
  for (const { container, position } of items) t.match((await lab.get(`/api/containers/${container}`)).body, { position, version: 2 })
  const { body: events } = await lab.get(`/api/events?after=${revision}&limit=100`)
  t.equal(events.items.length, items.length, 'no place in between')
  t.same([...new Set(events.items.map((event: any) => `${event.revision} ${event.kind} ${event.reason}`))], [`${revision + 1} corrected ${reason}`])
  t.match(await arrange(lab, items), { status: 200, body: { changes: [], revision: revision + 1 } }, 'the same again changes nothing')
})

t.test('two plates swap, with their lids, and every change says from where to where', async (t) => {
  const lab = await aFullLab(t)
  const { body } = await arrange(lab, [at('A', 'Hotel', 1), at('B', 'Hotel', 0, { lid: { device: 'Hotel', position: 4 } }), at('C', 'Washer', 0)])
  t.match(body.changes, [
    { kind: 'corrected', container: { barcode: 'A' }, from: { position: 0, lidded: true }, to: { position: 1, lidded: true } },
    { kind: 'corrected', container: { barcode: 'B' }, from: { position: 1, lid: { position: 5 } }, to: { device: 'Hotel', position: 0, lidded: false, lid: { device: 'Hotel', position: 4 } } }
  ])
  t.equal(body.changes.length, 2, 'what is as it was is no change')
  t.match((await lab.get('/api/devices/Hotel/positions')).body, [{ container: 'B' }, { container: 'A' }, { empty: true }, { empty: true }, { occupied_by: 'lid' }, { empty: true }])
})

t.test('lids: put on, taken off, parked in the slot that a plate leaves, at an unknown place', async (t) => {
  const lab = await aFullLab(t)
  const one = async (container: string) => (await lab.get(`/api/containers/${container}`)).body
  await arrange(lab, [at('B', 'Hotel', 1, { lidded: true }), at('A', 'Hotel', 5, { lid: { device: 'Hotel', position: 0 } })])
  t.match(await one('B'), { lidded: true, lid: null })
  t.match(await one('A'), { position: 5, lidded: false, lid: { position: 0 } }, 'into the slots that it and another lid left')
  await arrange(lab, [at('A', 'Hotel', 0, { lid: { device: 'Hotel', position: 5 } })])
  t.match(await one('A'), { position: 0, lid: { position: 5 } }, 'plate and lid change places')
  await arrange(lab, [at('A', 'Hotel', 0, { lid: null })])
  t.match(await one('A'), { lidded: false, lid: null })
  await arrange(lab, [at('B', 'Hotel', 1, { lidded: false })])
  t.match(await one('B'), { lidded: false, lid: null })
})

t.test('a slot that would hold two things is refused with both names, and nothing is done', async (t) => {
  const lab = await aFullLab(t)
  const { text: before } = await lab.get('/api/lab')
  const both = (one: string, other: string) => [{ barcode: one }, { barcode: other }]
  t.match(await arrange(lab, [at('B', 'Hotel', 2), at('A', 'Washer', 0)]), {
    status: 409, body: { code: 'position-occupied', pointer: '/items/1/position', index: 1, device: 'Washer', position: 0, occupant: { barcode: 'C' }, occupants: both('C', 'A'), detail: /"C" and the container "A".*Nothing was changed/ }
  })
  t.match(await arrange(lab, [at('A', 'Hotel', 3), at('B', 'Hotel', 3)]), { status: 409, body: { pointer: '/items/1/position', conflicts_with: { index: 0 }, occupants: both('A', 'B'), detail: /Entries 0 and 1/ } })
  t.match(await arrange(lab, [at('A', 'Hotel', 5)]), { status: 409, body: { occupants: [{ barcode: 'B', part: 'lid' }, { barcode: 'A', part: 'container' }], detail: /the lid of "B" and the container "A"/ } })
  t.match(await arrange(lab, [at('A', 'Hotel', 2, { lid: { device: 'Hotel', position: 2 } })]), { status: 409, body: { pointer: '/items/0/lid/position', occupants: both('A', 'A') } }, 'a plate and its own lid')
  t.match(await arrange(lab, [at('A', 'Hotel', 5), at('B', 'Hotel', 0)]), { status: 409, body: { pointer: '/items/0/position' } }, 'the lid stays, so who comes to it is refused')
  t.match(await arrange(lab, [at('A', 'Hotel', 5)], { missing: ['B'] }), { status: 409, body: { occupants: both('B', 'A') } }, 'the lid of what is missing stays')
  t.equal((await lab.get('/api/lab')).text, before)

  t.match(await arrange(lab, [at('A', 'Washer', 0)], { missing: ['C'] }), { status: 200, body: { changes: [{ kind: 'corrected' }, { kind: 'missing' }] } }, 'unless the first one is missing')
})

t.test('a dry run says everything that contradicts, and what would change, and changes nothing', async (t) => {
  const lab = await aFullLab(t)
  const { text: before } = await lab.get('/api/lab')
  const { status, body } = await arrange(lab, [
    at('A', 'Hotel', 5), at('nobody', 'Hotel', 3), at('B', 'Attic', 0), at('C', 'Hotel', 9, { lid: { device: 'Cellar', position: 0 } })
  ], { missing: ['neither'] }, '?dry_run=true')
  t.equal(status, 200)
  t.match(body.findings.map(({ code, pointer }: any) => `${code} ${pointer}`), [
    'position-occupied /items/0/position', 'container-not-found /items/1/container', 'device-not-found /items/2/device', 'position-not-found /items/3/position',
    'device-not-found /items/3/lid/device', 'container-not-found /missing/0'
  ])
  t.ok(body.findings.every(({ detail }: any) => detail.length > 20))
  t.match(body.changes, [{ kind: 'corrected', container: { barcode: 'A' }, to: { device: 'Hotel', position: 5 } }])
  t.equal((await lab.get('/api/lab')).text, before)
  t.match((await arrange(lab, [at('A', 'Washer', 0), at('C', 'Hotel', 9)], {}, '?dry_run=true')).body.findings.map(({ pointer }: any) => pointer), ['/items/1/position'], 'the request says that C is not in the slot of A, wherever it is')
  t.match((await arrange(lab, [at('A', 'Hotel', 1), at('B', 'Hotel', 0)], {}, '?dry_run=true')).body, { findings: [], changes: [{ to: { position: 1 } }, { to: { position: 0 } }] })
  t.equal((await lab.get('/api/lab')).text, before)
})

t.test('bad input names the member, the rule and the way out', async (t) => {
  const lab = await aFullLab(t)
  const { body: { id } } = await lab.get('/api/containers/A')
  const many = Array.from({ length: 10_000 }, (_, n) => at(`P${n}`, 'Hotel', 0))
  for (const [body, pointer] of [
    [{ items: [at('A', 'Hotel', 1)] }, '/reason'], [{ reason: '', items: [at('A', 'Hotel', 1)] }, '/reason'], [{ reason, items: [] }, '/items'], [{ reason, items: [], missing: [] }, '/items'], [{ reason }, '/items'],
    [{ reason, items: [{ device: 'Hotel', position: 0 }] }, '/items/0/container'], [{ reason, items: [at('A', 'Hotel', 1, { barcode: 'A' })] }, '/items/0/barcode'],
    [{ reason, items: [{ container: 'A', device: 'Hotel' }] }, '/items/0/position'], [{ reason, items: [at('A', 'Hotel', -1)] }, '/items/0/position'],
    [{ reason, items: [at('A', 'Hotel', 1, { lidded: true, lid: { device: 'Hotel', position: 2 } })] }, '/items/0/lid'],
    [{ reason, items: [at('A', 'Hotel', 1), at('B', 'Hotel', 2), at(id, 'Hotel', 3)] }, '/items/2/container'], [{ reason, items: [at('A', 'Hotel', 1), { barcode: 'A', device: 'Hotel', position: 2 }] }, '/items/1/barcode'],
    [{ reason, items: [at('A', 'Hotel', 1)], missing: [id] }, '/missing/0'], [{ reason, items: [], missing: ['A', id] }, '/missing/1'], [{ reason, items: many }, '/items'], [{ reason, items: [], missing: ['A'], more: 1 }, '/more']
  ] as const) {
    t.match(await lab.post('/api/arrangements', body), { status: 400, body: { code: 'invalid-request', errors: [{ pointer, detail: /\w{3}/ }] } }, pointer)
  }
  t.match((await lab.post('/api/arrangements', { reason, items: [at('A', 'Hotel', 1)], missing: [id] })).body, { detail: '/missing/0 names the same container as /items/0; send each container once' }, 'a refusal of the database says the fault itself, too')
  await lab.delete('/api/containers/A')
  t.match(await arrange(lab, [at(id, 'Hotel', 1)]), { status: 409, body: { code: 'container-removed', pointer: '/items/0/container', index: 0 } })
  await lab.patch('/api/containers/B', { barcode: 'B2' })
  t.match(await arrange(lab, [at('B', 'Hotel', 1)]), { status: 404, body: { code: 'container-not-found', relabelled: [{ barcode: 'B2' }], detail: /was the barcode of the container "B2"/ } })
  t.match(await arrange(lab, [at('b2', 'Hotel', 1)]), { status: 404, body: { code: 'container-not-found' } }, 'the case of a barcode counts')
  t.equal((await lab.get('/api/events?kind=corrected')).body.items.length, 0)
})

t.test('a reserved slot is taken as by a correction, and a retry with its key changes nothing', async (t) => {
  const lab = await aFullLab(t)
  await lab.post('/api/reservations', { device: 'Hotel', purpose: 'container', count: 2, owner: 'o', ttl_seconds: 60 })
  const body = { reason, items: [at('A', 'Hotel', 2)] }
  const first = await lab.post('/api/arrangements', body, { 'idempotency-key': 'k1' })
  t.equal(first.status, 200)
  await lab.post('/api/containers/A/move', { target_device: 'Hotel', target_pos: 4 })
  t.equal((await lab.post('/api/arrangements', body, { 'idempotency-key': 'k1' })).text, first.text)
  t.match((await lab.get('/api/containers/A')).body, { position: 4 })
})
