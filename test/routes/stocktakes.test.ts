import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

const reason = 'Monday stocktake'

async function aFullLab (t: Parameters<typeof aLab>[0]): Promise<Service> {
  const lab = await aLab(t, { Hotel: 6, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'A', lidded: true })
  await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'B', lid: { device: 'Hotel', position: 5 } })
  await lab.post('/api/containers', { device: 'Washer', position: 0, barcode: 'C' })
  return lab
}

type Seen = [position: number, barcode: string | null, lidded?: boolean]
const take = (lab: Service, seen: Seen[], more: object = {}, query = '') => lab.post(`/api/stocktakes${query}`, {
  device: 'Hotel', seen: seen.map(([position, barcode, lidded]) => ({ position, barcode, ...lidded === undefined ? {} : { lidded } })), ...more
})
const findings = (body: any): string[] => body.items.map(({ position, finding, container }: any) => `${position} ${finding} ${container?.barcode}`)

t.test('the parked lid of a plate that is seen with its lid on is not said to stay', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lid: { device: 'Hotel', position: 2 } })
  const { body } = await service.post('/api/stocktakes', { device: 'Hotel', seen: [{ position: 0, barcode: 'P1', lidded: true }], apply: true, reason: 'seen' })
  t.notOk(body.items.some(({ finding }: { finding: string }) => finding === 'lid'), JSON.stringify(body.items))
  t.match((await service.get('/api/containers/P1')).body, { lidded: true, lid: null })
})

t.test('a stocktake says slot by slot how what was seen differs from what is tracked, and changes nothing', async (t) => {
  const lab = await aFullLab(t)
  const { text: before } = await lab.get('/api/lab')
  const { status, body } = await take(lab, [[0, 'A', false], [2, 'C'], [3, 'NEW'], [4, null]])
  t.equal(status, 200)
  t.same(findings(body), ['0 match A', '1 missing B', '2 elsewhere C', '3 unknown undefined', '4 unexpected undefined', '5 lid B'])
  t.same(body.counts, { match: 1, elsewhere: 1, unknown: 1, missing: 1, unexpected: 1, lid: 1 })
  t.match(body, {
    id: null, applied: false, device: 'Hotel', findings: [], warnings: [],
    items: [
      { tracked: { device: 'Hotel', position: 0, lidded: true }, seen: { position: 0, barcode: 'A', lidded: false } }, { tracked: { position: 1 }, seen: null },
      { tracked: { device: 'Washer', position: 0 } }, { tracked: null, seen: { barcode: 'NEW' } }, { tracked: null, seen: { barcode: null } }, { tracked: { device: 'Hotel', position: 5 }, seen: null }
    ]
  })
  t.match(body.changes.map(({ kind, container }: any) => `${kind} ${container.barcode}`), ['corrected A', 'missing B', 'corrected C', 'added NEW', 'added null'])
  t.equal((await lab.get('/api/lab')).text, before)
  t.equal((await take(lab, [[0, 'A']], { apply: true, reason }, '?dry_run=true')).body.applied, false)
  t.equal((await lab.get('/api/lab')).text, before, 'a dry run of it neither')
  t.same((await lab.get('/api/stocktakes')).body.items, [])
})

t.test('applied, the lab is as it was seen, in one revision with one reason, and the stocktake is listed', async (t) => {
  const lab = await aFullLab(t)
  const { body: { revision } } = await lab.get('/api/lab')
  const { status, body } = await take(lab, [[0, 'A', false], [2, 'C'], [3, 'NEW'], [4, null]], { apply: true, reason })
  t.equal(status, 200)
  t.match(body, { applied: true, id: String, revision: revision + 1 })
  t.match((await lab.get('/api/devices/Hotel/positions')).body, [
    { container: 'A' }, { empty: true }, { container: 'C' }, { container: 'NEW' }, { container: null, occupied_by: 'container' }, { occupied_by: 'lid' }
  ])
  t.match((await lab.get('/api/containers/A')).body, { lidded: false, lid: null })
  t.match((await lab.get('/api/containers/B')).body, { missing_since: String, last_position: 1, lid: { position: 5 } })
  t.match((await lab.get('/api/containers/NEW')).body, { name: 'NEW', starting_device: 'Hotel', starting_position: 3, lidded: false })
  const { body: events } = await lab.get(`/api/events?after=${revision}`)
  t.same(events.items.map((event: any) => [event.kind, event.revision, event.reason]), ['corrected', 'missing', 'corrected', 'added', 'added'].map((kind) => [kind, revision + 1, reason]))
  t.match((await take(lab, [[0, 'A'], [2, 'C'], [3, 'NEW'], [4, null]])).body, { counts: { match: 4, lid: 1, elsewhere: 0, unknown: 0, missing: 0, unexpected: 0 }, changes: [] }, 'seen again it all matches')

  t.match(await take(lab, [[0, 'A'], [2, 'C'], [3, 'NEW'], [4, null]], { apply: true, reason: 'again' }), { status: 200, body: { changes: [], revision: revision + 1 } })
  t.match((await lab.get('/api/stocktakes?count=true&device=Hotel')).body, {
    total: 2, items: [{ id: body.id, device: 'Hotel', revision: revision + 1, reason, counts: { missing: 1 } }, { reason: 'again', revision: revision + 1, counts: { match: 4 } }]
  }, 'also one that changed nothing')
  t.same((await lab.get('/api/stocktakes?device=Washer')).body.items, [])
  t.same((await lab.get(`/api/stocktakes/${body.id}`)).body.items, body.items)
  t.match(await lab.get('/api/stocktakes/0199f2f9-1b4d-7e52-a3c1-7d6f5e4c3b21'), { status: 404, body: { code: 'stocktake-not-found' } })
  t.match((await lab.get('/api/stocktakes?limit=1')).body, { items: [{ reason }], next_cursor: String })
})

t.test('an empty list says that the device is empty, and what is seen again is found', async (t) => {
  const lab = await aFullLab(t)
  t.same(findings((await take(lab, [], { apply: true, reason })).body), ['0 missing A', '1 missing B', '5 lid B'])
  t.match((await lab.get('/api/lab')).body.totals, { containers_missing: 2 })
  const { body } = await take(lab, [[3, 'A']], { apply: true, reason })
  t.match(body.items[0], { finding: 'elsewhere', tracked: null, container: { barcode: 'A' } })
  t.match((await lab.get('/api/events?sort=-revision&limit=1')).body.items, [{ kind: 'found' }])
  t.match((await lab.get('/api/containers/A')).body, { position: 3, missing_since: null, lidded: true })
})

t.test('a plate that cannot be read is the one that is tracked there, unless that one was seen elsewhere', async (t) => {
  const lab = await aFullLab(t)
  t.same(findings((await take(lab, [[0, null], [1, 'B']])).body), ['0 match A', '1 match B', '5 lid B'])
  t.same(findings((await take(lab, [[0, null], [1, 'A']])).body), ['0 unexpected undefined', '1 elsewhere A', '1 missing B', '5 lid B'])
  const { body } = await take(lab, [[0, 'B'], [1, 'A']], { apply: true, reason })
  t.same(findings(body), ['0 elsewhere B', '1 elsewhere A', '5 lid B'], 'two that were swapped')
  t.match((await lab.get('/api/devices/Hotel/positions')).body.slice(0, 2), [{ container: 'B' }, { container: 'A' }])
})

t.test('a plate that is tracked without a barcode gets the one that was read', async (t) => {
  const lab = await aFullLab(t)
  const { body: { id } } = await lab.post('/api/containers', { device: 'Hotel', position: 2, name: 'unread' })
  const { body } = await take(lab, [[0, 'A'], [1, 'B'], [2, 'NEW', true]], { apply: true, reason })
  t.match(body.items[2], { finding: 'unknown', container: { id, barcode: null, name: 'unread' }, tracked: { position: 2 } })
  t.match(body.changes, [{ kind: 'corrected', to: { lidded: true, barcode: null } }, { kind: 'barcode-set', from: { lidded: true, barcode: null }, to: { barcode: 'NEW' } }])
  t.match((await lab.get('/api/containers/NEW')).body, { id, name: 'unread', lidded: true, missing_since: null })
})

t.test('a lid whose slot a plate has taken is at an unknown place, with a warning', async (t) => {
  const lab = await aFullLab(t)
  const { body } = await take(lab, [[0, 'A'], [1, 'B'], [5, 'C']], { apply: true, reason })
  t.match(body.warnings, [{ code: 'lid-displaced', pointer: '/seen/2/position', detail: /lid of "B" was tracked in slot 5/ }])
  t.match((await lab.get('/api/containers/B')).body, { position: 1, lidded: false, lid: null })
  await lab.post('/api/containers/B/unlid', { lid_device: 'Hotel', lid_pos: 4 })
  t.same((await take(lab, [[0, 'A'], [1, 'B', true], [5, 'C'], [4, null]], { apply: true, reason })).body.warnings, [], 'a lid that is seen on its plate is not displaced')
  t.match((await lab.get('/api/containers/B')).body, { lidded: true, lid: null })
})

t.test('a label of before is unknown with its containers, and is relabelled before the stocktake is applied', async (t) => {
  const lab = await aFullLab(t)
  await lab.patch('/api/containers/A', { barcode: 'A2' })
  const seen: Seen[] = [[0, 'A'], [1, 'B']]
  const { body } = await take(lab, seen)
  t.match(body.items[0], { finding: 'unknown', container: null, relabelled: [{ barcode: 'A2', device: 'Hotel', position: 0 }] })
  t.match(body.findings, [{ code: 'barcode-replaced', pointer: '/seen/0/barcode', index: 0 }])
  const { text: before } = await lab.get('/api/lab')
  t.match(await take(lab, seen, { apply: true, reason }), { status: 409, body: { code: 'barcode-replaced', barcode: 'A', relabelled: [{ barcode: 'A2' }], detail: /POST \/api\/containers\/relabel/ } })
  t.equal((await lab.get('/api/lab')).text, before)
  await lab.post('/api/containers/relabel', { reason, labels: [{ container: 'A2', barcode: 'A' }] })
  t.match((await take(lab, seen, { apply: true, reason })).body, { counts: { match: 2 } })

  t.equal(body.counts.missing, 0, 'it may be that plate, so that one is not missing')
  t.same(body.changes, [], 'nor is it added')

  await lab.patch('/api/containers/A', { barcode: 'A3' })
  await lab.delete('/api/containers/A3')
  t.match((await take(lab, seen, { apply: true, reason })).body.items[0], { finding: 'unknown', relabelled: [{ barcode: 'A3', removed_at: String }] }, 'a removed one cannot be relabelled, and stops nothing')
})

t.test('a label of before on another plate than its container, which was seen as well, is a new plate', async (t) => {
  const lab = await aFullLab(t)
  await lab.patch('/api/containers/A', { barcode: 'A2' })
  const { body } = await take(lab, [[0, 'A'], [1, 'B'], [3, 'A2']], { apply: true, reason })
  t.same(findings(body), ['0 unknown undefined', '1 match B', '3 elsewhere A2', '5 lid B'])
  t.match(body.items[0], { relabelled: [{ barcode: 'A2' }] })
  t.match((await lab.get('/api/devices/Hotel/positions')).body, [{ container: 'A' }, { container: 'B' }, { empty: true }, { container: 'A2' }])
})

t.test('barcodes that differ in case only are two, with a warning', async (t) => {
  const lab = await aFullLab(t)
  t.match((await take(lab, [[0, 'a'], [1, 'B']])).body, { items: [{ finding: 'unknown' }, { finding: 'missing', container: { barcode: 'A' } }, {}, {}], warnings: [{ code: 'barcode-differs-in-case', pointer: '/seen/0/barcode' }] })
})

t.test('bad input names the member, the rule and the way out', async (t) => {
  const lab = await aFullLab(t)
  const slot = (position: number, barcode: string | null = null) => ({ position, barcode })
  for (const [body, pointer] of [
    [{ device: 'Hotel' }, '/seen'], [{ seen: [] }, '/device'], [{ device: 'Hotel', seen: [{ position: 0 }] }, '/seen/0/barcode'], [{ device: 'Hotel', seen: [slot(-1)] }, '/seen/0/position'],
    [{ device: 'Hotel', seen: [slot(0), slot(1), slot(0)] }, '/seen/2/position'], [{ device: 'Hotel', seen: [slot(0, 'A'), slot(1, 'A')] }, '/seen/1/barcode'], [{ device: 'Hotel', seen: [], apply: true }, '/reason'],
    [{ device: 'Hotel', seen: [slot(0, '')] }, '/seen/0/barcode'], [{ device: 'Hotel', seen: Array.from({ length: 10_001 }, () => slot(0)) }, '/seen']
  ] as const) t.match(await lab.post('/api/stocktakes', body), { status: 400, body: { errors: [{ pointer }] } }, JSON.stringify(body).slice(0, 80))
  t.match(await lab.post('/api/stocktakes', { device: 'Attic', seen: [] }), { status: 404, body: { code: 'device-not-found', pointer: '/device' } })
})

t.test('slots in which nothing can stand are findings of a comparison and of a dry run, as of an arrangement, and refused when it is applied', async (t) => {
  const lab = await aLab(t, { Hotel: 6 })
  await lab.patch('/api/devices/Hotel/positions/5', { disposes: true })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'A' })
  await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'B' })
  const { body: { revision } } = await lab.get('/api/lab')
  const seen = [{ position: 0, barcode: 'A' }, { position: 9, barcode: null }, { position: 5, barcode: 'B' }]
  const told = [
    { code: 'position-not-found', position: 9, valid_range: { minimum: 0, maximum: 5 }, detail: /no slot 9/ },
    { code: 'position-disposes', position: 5, detail: /record a move to Hotel/ }
  ]
  const findings = told.map((finding, index) => ({ ...finding, pointer: `/seen/${index + 1}/position`, index: index + 1 }))
  const take = async (query: string, more: object) => await lab.post(`/api/stocktakes${query}`, { device: 'Hotel', seen, ...more })
  const { body: compared } = await take('', {})
  t.match(compared, { applied: false, findings, changes: [], counts: { match: 1, elsewhere: 1, unexpected: 1, missing: 0 } }, 'B was seen, so it is not missing')
  t.match(compared.items, [
    { position: 0, finding: 'match' }, { position: 5, finding: 'elsewhere', container: { barcode: 'B' }, tracked: { position: 1 } }, { position: 9, finding: 'unexpected', container: null }
  ])
  t.equal(compared.items.length, 3)
  t.match(await take('?dry_run=true', { apply: true, reason }), { status: 200, body: { applied: false, findings } })
  t.match(await take('', { apply: true, reason }), { status: 404, body: { ...findings[0] } }, 'the first of them')
  const items = [{ barcode: 'A', device: 'Hotel', position: 9 }, { barcode: 'B', device: 'Hotel', position: 5 }]
  t.match(await lab.post('/api/arrangements?dry_run=true', { reason, items }), { status: 200, body: { findings: told } })
  t.match(await lab.post('/api/arrangements', { reason, items }), { status: 404, body: { code: 'position-not-found' } })
  t.equal((await lab.get('/api/lab')).body.revision, revision)
})

t.test('two stocktakes at once on one device: one after the other, and the lab is as one of them saw it', async (t) => {
  const lab = await aLab(t, { Hotel: 6 })
  const seen = (names: string[]) => names.map((barcode, position) => ({ position, barcode }))
  const looks = [['A', 'B', 'C'], ['C', 'A', 'B'], ['B', 'C', 'A'], ['A', 'C', 'B']]
  const answers = await Promise.all(looks.map((names) => lab.post('/api/stocktakes', { device: 'Hotel', seen: seen(names), apply: true, reason: names.join('') })))
  t.strictSame(answers.map(({ status }) => status), [200, 200, 200, 200])
  const last = answers.toSorted((a, b) => b.body.revision - a.body.revision)[0]!
  const { body: slots } = await lab.get('/api/devices/Hotel/positions')
  t.strictSame(slots.slice(0, 3).map(({ container }: { container: string }) => container), looks[answers.indexOf(last)])
  t.match((await lab.get('/api/lab')).body.totals, { containers: 3, containers_missing: 0 }, 'no plate is there twice')
  t.match((await lab.get('/api/lab/health')).body, { healthy: true })
})
