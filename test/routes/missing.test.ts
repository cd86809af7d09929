import t from 'tap'
import { checkLabHealth } from '../../src/cli/doctor-checks.ts'
import { aCommandLine } from '../support/command-line.ts'
import { withoutReservations } from '../support/lab-state.ts'
import { aLab, type Service } from '../support/service.ts'

const reason = 'nobody finds it'

async function aLabWithout (t: Parameters<typeof aLab>[0]): Promise<Service & { id: string }> {
  const lab = await aLab(t, { Hotel: 4, Washer: 1 })
  const { body: { id } } = await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1', lid: { device: 'Hotel', position: 3 } })
  await lab.post('/api/containers', { device: 'Hotel', position: 2, barcode: 'P2', lidded: true })
  const { status } = await lab.post('/api/arrangements', { reason, items: [], missing: ['P1'] })
  t.equal(status, 200)
  return { ...lab, id }
}

t.test('a missing container has no place, and every answer says where it was last', async (t) => {
  const lab = await aLabWithout(t)
  const { body: container } = await lab.get('/api/containers/P1')
  t.match(container, { device: null, position: null, missing_since: String, last_device: 'Hotel', last_position: 1, removed_at: null, lid: { device: 'Hotel', position: 3 }, version: 2 })
  t.match((await lab.get('/api/devices/Hotel/positions/1')).body, { empty: true, occupant: null })
  t.match((await lab.get('/api/devices/Hotel/positions/3')).body, { empty: false, occupied_by: 'lid' }, 'its parked lid stays')
  t.match((await lab.get('/api/lab')).body, { totals: { containers: 2, containers_missing: 1, containers_removed: 0, occupied: 2 } })
  const named = async (query: string) => (await lab.get(`/api/containers?${query}`)).body.items.map(({ barcode }: { barcode: string }) => barcode)
  t.same(await named('missing=true'), ['P1'])
  t.same(await named('missing=false'), ['P2'])
  t.same(await named(''), ['P1', 'P2'], 'it is still on the platform')
  t.match((await lab.get('/api/lab/health')).body, {
    healthy: true,
    findings: [{ code: 'container-missing', severity: 'warning', containers: [{ barcode: 'P1' }], message: /"P1" is missing since .*Z\. It was last in slot 1 of Hotel\./ }]
  })
  t.match((await lab.get('/api/containers/P1/history')).body.items.at(-1), { kind: 'missing', from: { device: 'Hotel', position: 1, missing_since: null }, to: { device: null, missing_since: container.missing_since } })
  t.match((await lab.get('/api/events?kind=missing')).body.items, [{ reason, container_id: lab.id, before: { position: 1 }, after: { device: null, last_device: 'Hotel' } }])
})

t.test('the findings and the doctor name a missing container by its name and by its barcode', async (t) => {
  const lab = await aLabWithout(t)
  await lab.post('/api/containers', { device: 'Hotel', position: 0, name: 'plate_0', barcode: 'SCREEN_007' })
  await lab.post('/api/arrangements', { reason: 'not in its slot', items: [], missing: ['SCREEN_007'] })
  const health = (await lab.get('/api/lab/health')).body
  t.match(health.findings.map(({ message }: { message: string }) => message), [/^"P1" is missing since/, /^"plate_0" \(barcode "SCREEN_007"\) is missing since .*Z\. It was last in slot 0 of Hotel\.$/])
  t.match(checkLabHealth(health), { status: 'warning', says: /2 findings: "P1" is missing .*"plate_0" \(barcode "SCREEN_007"\) is missing/ })
})

t.test('the state of the lab shows its parked lid, now and as of a revision', async (t) => {
  const lab = await aLabWithout(t)
  await lab.post('/api/containers/P2/unlid', { lid_device: 'Washer' })
  const { body } = await lab.get('/api/lab')
  const p2 = (await lab.get('/api/containers/P2')).body.id
  t.match(body.devices, [
    { name: 'Hotel', occupied: 2, containers: [{ barcode: 'P2', lid: { device: 'Washer', position: 0 } }], lids: [{ container_id: lab.id, barcode: 'P1', name: 'P1', position: 3 }] },
    { name: 'Washer', occupied: 1, containers: [], lids: [{ container_id: p2, barcode: 'P2', position: 0 }] }
  ])
  t.strictSame(withoutReservations((await lab.get(`/api/lab?at=${body.revision}`)).body), withoutReservations(body))
})

t.test('declared missing again it changes nothing', async (t) => {
  const lab = await aLabWithout(t)
  const { text: before } = await lab.get('/api/containers/P1')
  const { body: { revision } } = await lab.get('/api/lab')
  t.match(await lab.post('/api/arrangements', { reason, items: [], missing: [lab.id] }), { status: 200, body: { changes: [], revision } })
  t.equal((await lab.get('/api/containers/P1')).text, before)
})

t.test('it is found by a move without source, by a correction, by an arrangement and by a transfer', async (t) => {
  const found: [how: string, find: (lab: Service) => Promise<{ status: number }>][] = [
    ['move', (lab) => lab.post('/api/containers/P1/move', { target_device: 'Washer', target_pos: 0 })],
    ['correction', (lab) => lab.post('/api/containers/P1/correct', { reason, device: 'Washer', position: 0 })],
    ['arrangement', (lab) => lab.post('/api/arrangements', { reason, items: [{ barcode: 'P1', device: 'Washer', position: 0 }] })],
    ['transfer', (lab) => lab.post('/api/transfers', { container: 'P1', target: { device: 'Washer' } })]
  ]
  for (const [how, find] of found) {
    const lab = await aLabWithout(t)
    t.equal((await find(lab)).status, 200, how)
    t.match((await lab.get('/api/containers/P1')).body, { device: 'Washer', position: 0, missing_since: null, last_device: null, last_position: null, lid: { position: 3 } }, how)
    t.match((await lab.get('/api/events?sort=-revision&limit=1')).body.items, [{ kind: 'found', before: { last_position: 1 }, after: { device: 'Washer', missing_since: null } }], how)
    t.match((await lab.get('/api/lab')).body.totals, { containers_missing: 0 }, how)
    t.same((await lab.get('/api/lab/health')).body.findings, [], how)
  }
})

t.test('a move from a place is refused, and the refusal says since when it is missing and where it was', async (t) => {
  const lab = await aLabWithout(t)
  for (const [path, body] of [
    ['/api/containers/P1/move', { source_device: 'Hotel', source_pos: 1, target_device: 'Washer' }],
    ['/api/transfers', { container: 'P1', source: { device: 'Hotel', position: 1 }, target: { device: 'Washer' } }]
  ] as const) {
    t.match(await lab.post(path, body), { status: 409, body: { code: 'source-mismatch', missing_since: String, last: { device: 'Hotel', position: 1 }, detail: /missing since .*last in slot 1 of Hotel.*without its source/ } }, path)
  }
  t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 1, target_device: 'Washer' }), { status: 409, body: { code: 'source-empty' } })
  const step = { device: 'Arm', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:15:31Z' }
  t.match(await lab.post('/api/transfers', { container: 'P1', target: { device: 'Washer' }, step }), { status: 409, body: { code: 'source-mismatch', pointer: '/step/origin', detail: /`origin` of the step/ } })
  t.match((await lab.post('/api/transfers?dry_run=true', { container: 'P1', target: { device: 'Washer' }, step })).body.findings, [{ code: 'source-mismatch', pointer: '/step/origin' }])
  t.match(await lab.post('/api/transfers', { container: 'P1', target: { device: 'Washer' }, step: { ...step, origin: { device: 'Hotel', position: 0 } } }), { status: 200, body: { step: { origin: { position: 0 } } } })
})

t.test('a barcode that is not its own is refused without a place that nobody knows', async (t) => {
  const lab = await aLabWithout(t)
  for (const container of ['P1', lab.id]) {
    t.match(await lab.post('/api/transfers', { container, barcode: 'OTHER', target: { device: 'Washer' } }), {
      status: 409, body: { code: 'source-mismatch', missing_since: String, detail: /^The container "P1" is missing since .*; it was last in slot 1 of Hotel\. It is not "OTHER"\. The service does not know where "OTHER" is\.$/ }
    })
    t.match(await lab.post('/api/transfers', { container, barcode: 'P2', target: { device: 'Washer' } }), { status: 409, body: { detail: /It is not "P2", which is in slot 2 of Hotel\.$/ } })
  }
  await lab.post('/api/arrangements', { reason, items: [], missing: ['P2'] })
  t.match(await lab.post('/api/transfers', { container: 'P1', barcode: 'P2', target: { device: 'Washer' } }), { status: 409, body: { actual: { device: null, position: null, missing_since: /Z$/, last: { device: 'Hotel', position: 2 } }, detail: /It is not "P2", which is missing since .*Z; it was last in slot 2 of Hotel\.$/ } })
  const elsewhere = { status: 409, body: { code: 'source-mismatch', missing_since: undefined, actual: { missing_since: /Z$/, last: { device: 'Hotel', position: 2 } }, detail: /not "P2", which is missing since .* slot 2 of Hotel/ } }
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P9' })
  t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 0, target_device: 'Washer', barcode: 'P2' }), elsewhere, 'of a plate that is not missing itself')
  t.match(await lab.post('/api/transfers', { container: 'P9', barcode: 'P2', target: { device: 'Washer' } }), elsewhere)
  t.match((await lab.get('/api/search?q=P2')).body.items, [{ where: null, missing_since: /Z$/, last: { device: 'Hotel', position: 2 }, removed_at: null }], 'the search says it, too')
})

t.test('its barcode stays its own, and the refusal of the barcode says that it is missing', async (t) => {
  const lab = await aLabWithout(t)
  const refused = { status: 409, body: { code: 'barcode-in-use', holder: { device: null, missing_since: String, last: { device: 'Hotel', position: 1 } }, detail: /missing since/ } }
  t.match(await lab.post('/api/containers', { device: 'Washer', barcode: 'P1' }), refused)
  t.match(await lab.patch('/api/containers/P2', { barcode: 'P1' }), refused)
  t.match(await lab.post('/api/containers/P2/correct', { reason, barcode: 'P1' }), refused)
})

t.test('its lid, properties and removal are recorded as of any other', async (t) => {
  const lab = await aLabWithout(t)
  t.match(await lab.post('/api/containers/P1/lid', {}), { status: 200, body: { container: { lidded: true, missing_since: String } } })
  t.match(await lab.post('/api/containers/P1/unlid', { lid_device: 'Washer' }), { status: 200, body: { container: { lid: { device: 'Washer' } } } })
  t.match(await lab.patch('/api/containers/P1', { content: 'MTT' }), { status: 200, body: { content: 'MTT', missing_since: String } })
  t.match(await lab.post('/api/containers/P1/correct', { reason, lidded: true }), { status: 200, body: { container: { device: null, missing_since: String } } })
  t.match(await lab.delete('/api/containers/P1'), { status: 200, body: { removed_at: String, missing_since: null, last_device: null } })
  t.match((await lab.get('/api/lab')).body.totals, { containers: 1, containers_missing: 0, containers_removed: 1 })
  t.match(await lab.post('/api/arrangements', { reason, items: [], missing: [lab.id] }), { status: 409, body: { code: 'container-removed', pointer: '/missing/0' } })
})

t.test('earlier states know it, also after its device was renamed, and a restore makes it missing again', async (t) => {
  const lab = await aLabWithout(t)
  const { body: { revision } } = await lab.get('/api/lab')
  await lab.patch('/api/devices/Hotel', { name: 'Stack' })
  t.match((await lab.get('/api/containers/P1')).body, { last_device: 'Stack' })
  t.match((await lab.get(`/api/containers/${lab.id}?at=${revision}`)).body, { device: null, last_device: 'Hotel', last_position: 1, missing_since: String })
  t.match((await lab.get(`/api/containers/${lab.id}?at=${revision + 1}`)).body, { device: null, last_device: 'Stack', last_position: 1 })
  t.match((await lab.get(`/api/lab?at=${revision}`)).body, { totals: { containers: 2, containers_missing: 1, occupied: 2 } })
  t.match((await lab.get(`/api/lab?at=${revision - 1}`)).body, { totals: { containers_missing: 0, occupied: 3 } })

  await lab.post('/api/containers/P1/move', { target_device: 'Stack', target_pos: 0 })
  const { status, body } = await lab.post('/api/lab/restore', { at: revision + 1, reason })
  t.equal(status, 200)
  t.match(body.containers, [{ barcode: 'P1', device: null, missing_since: String, last_device: 'Stack', last_position: 1, lid: { position: 3 } }])
  await lab.post('/api/lab/restore', { at: revision - 1, reason })
  t.match((await lab.get('/api/containers/P1')).body, { position: 1, missing_since: null })
  t.match((await lab.get('/api/lab/health')).body, { healthy: true })
  await lab.post('/api/arrangements', { reason, items: [], missing: ['P1'] })
  t.match(await lab.delete('/api/lab?confirm=wipe'), { status: 200, body: { containers_removed: 2 } })
})

t.test('the database refuses a container that is nowhere without being missing, and one that is missing in a slot', async (t) => {
  const lab = await aLabWithout(t)
  const refuses = async (statement: string, constraint: string) => {
    const { constraint: violated } = await lab.query(statement).then(() => ({ constraint: null }), (error: { constraint: string }) => error)
    t.equal(violated, constraint, statement)
  }
  await refuses("DELETE FROM placement WHERE part = 'body'", 'container_has_a_place')
  await refuses("UPDATE container SET missing_since = NULL, last_position_id = NULL WHERE barcode = 'P1'", 'container_has_a_place')
  await refuses("UPDATE container SET missing_since = now() WHERE barcode = 'P2'", 'container_missing_was_somewhere')
  await refuses("UPDATE container SET missing_since = now(), last_position_id = starting_position_id WHERE barcode = 'P2'", 'placement_of_placed_container')
  await refuses("UPDATE container SET removed_at = now() WHERE barcode = 'P1'", 'container_missing_is_on_platform')
})

t.test('the command line says where it was last', async (t) => {
  const lab = await aLabWithout(t)
  const { platformStatus } = await aCommandLine(lab, { TZ: 'UTC' })
  t.match(await platformStatus('where', 'P1'), { code: 1, out: /\nP1 +P1 +missing +- +Hotel 3 /, err: 'P1 was last in slot 1 of Hotel.\n' })
  t.match(await platformStatus('lab', 'show'), { code: 0, out: /2 containers, 1 of them missing, 0 removed[^]*\nP1 +missing +- +Hotel 3\n/ })
  t.match(await platformStatus('history', 'P1'), { out: / missing +Hotel 1, lid Hotel 3 +missing, lid Hotel 3 / })
  t.match(await platformStatus('export', 'containers', '--format', 'csv'), { out: /missing_since,last_device,last_position/ })
})
