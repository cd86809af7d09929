import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

const reason = 'labels came off'

async function aFullLab (t: Parameters<typeof aLab>[0]): Promise<Service> {
  const lab = await aLab(t, { Hotel: 6 })
  await lab.post('/api/containers/batch', { containers: ['A', 'B', 'C'].map((barcode) => ({ device: 'Hotel', barcode })) })
  return lab
}

const relabel = (lab: Service, labels: [container: string, barcode: string][], query = '') =>
  lab.post(`/api/containers/relabel${query}`, { reason, labels: labels.map(([container, barcode]) => ({ container, barcode })) })

t.test('labels are replaced all at once: two are swapped, and a name that was made from the label follows it', async (t) => {
  const lab = await aFullLab(t)
  await lab.patch('/api/containers/C', { name: 'control' })
  const { body: { revision } } = await lab.get('/api/lab')
  const { status, body } = await relabel(lab, [['A', 'B'], ['B', 'A'], ['C', 'C2']])
  t.equal(status, 200)
  t.match(body, { revision: revision + 1, changes: [{ kind: 'barcode-set', container: { barcode: 'B', name: 'B' }, from: { barcode: 'A', position: 0 }, to: { barcode: 'B', position: 0 } }, { from: { barcode: 'B' } }, {}] })
  t.match((await lab.get('/api/containers/B')).body, { position: 0, name: 'B', version: 2 })
  t.match((await lab.get('/api/containers/A')).body, { position: 1, name: 'A' })
  t.match((await lab.get('/api/containers/C2')).body, { name: 'control' }, 'another name stays')
  t.same((await lab.get(`/api/events?after=${revision}`)).body.items.map((event: any) => [event.kind, event.revision, event.reason]), Array.from({ length: 3 }, () => ['barcode-set', revision + 1, reason]))
  t.match(await relabel(lab, [['B', 'B']]), { status: 200, body: { changes: [], revision: revision + 1 } }, 'the same label changes nothing')
})

t.test('the name follows a new label however it is recorded', async (t) => {
  const lab = await aFullLab(t)
  t.match((await lab.patch('/api/containers/A', { barcode: 'A2' })).body, { name: 'A2' })
  t.match((await lab.post('/api/containers/A2/correct', { reason, barcode: 'A3' })).body.container, { name: 'A3' })
  t.match((await lab.patch('/api/containers/A3', { barcode: 'A4', name: 'mine' })).body, { name: 'mine' })
  t.match((await lab.patch('/api/containers/B', { barcode: null })).body, { name: 'B', barcode: null })
})

t.test('what contradicts is refused with the index, a dry run says all of it, and nothing is done', async (t) => {
  const lab = await aFullLab(t)
  const { body: { id } } = await lab.get('/api/containers/A')
  t.match(await relabel(lab, [['A', 'X'], ['B', 'C']]), { status: 409, body: { code: 'barcode-in-use', pointer: '/labels/1/barcode', index: 1, holder: { barcode: 'C', position: 2 } } })
  t.match(await relabel(lab, [['nobody', 'X']]), { status: 404, body: { code: 'container-not-found', pointer: '/labels/0/container', index: 0 } })
  t.match(await relabel(lab, [['A', 'X'], [id, 'Y']]), { status: 400, body: { errors: [{ pointer: '/labels/1/container', detail: /same container as \/labels\/0/ }] } })
  t.match(await relabel(lab, [['A', 'X'], ['B', 'X']]), { status: 400, body: { errors: [{ pointer: '/labels/1/barcode' }] } })
  t.match(await relabel(lab, []), { status: 400, body: { errors: [{ pointer: '/labels' }] } })
  t.match(await lab.post('/api/containers/relabel', { reason, labels: [{ container: 'A', barcode: null }] }), { status: 400, body: { errors: [{ pointer: '/labels/0/barcode' }] } })
  t.match(await lab.post('/api/containers/relabel', { labels: [{ container: 'A', barcode: 'X' }] }), { status: 400, body: { errors: [{ pointer: '/reason' }] } })
  t.match((await relabel(lab, [['nobody', 'X'], ['B', 'C'], ['A', 'Y']], '?dry_run=true')).body, {
    findings: [{ code: 'container-not-found', index: 0 }, { code: 'barcode-in-use', index: 1 }], changes: [{ container: { barcode: 'C' } }, { container: { barcode: 'Y' } }]
  })
  t.same((await lab.get('/api/containers')).body.items.map(({ barcode, version }: any) => [barcode, version]), [['A', 1], ['B', 1], ['C', 1]])
  await lab.delete('/api/containers/A')
  t.match(await relabel(lab, [[id, 'Z']]), { status: 409, body: { code: 'container-removed', pointer: '/labels/0/container' } })
})

t.test('a label of before leads to its container in every refusal and list', async (t) => {
  const lab = await aFullLab(t)
  await relabel(lab, [['A', 'NEW']])
  const refused = { status: 404, body: { code: 'container-not-found', relabelled: [{ barcode: 'NEW', device: 'Hotel', position: 0, until: String }], detail: /"A" was the barcode of the container "NEW"; it is in slot 0 of Hotel/ } }
  for (const [what, answer] of Object.entries({
    read: await lab.get('/api/containers/A'), history: await lab.get('/api/containers/A/history'), change: await lab.patch('/api/containers/A', { content: 'x' }), remove: await lab.delete('/api/containers/A'),
    move: await lab.post('/api/containers/A/move', { target_device: 'Hotel' }), lid: await lab.post('/api/containers/A/lid', {}), correct: await lab.post('/api/containers/A/correct', { reason, lidded: true }),
    transfer: await lab.post('/api/transfers', { container: 'A', target: { device: 'Hotel' } }), arrange: await lab.post('/api/arrangements', { reason, items: [{ barcode: 'A', device: 'Hotel', position: 0 }] }),
    missing: await lab.post('/api/arrangements', { reason, items: [], missing: ['A'] }), relabel: await relabel(lab, [['A', 'B2']])
  })) t.match(answer, refused, what)
  await lab.patch('/api/containers/B', { barcode: null })
  for (const answer of [await lab.get('/api/containers/B'), await lab.post('/api/containers/B/move', { target_device: 'Hotel' }), await lab.post('/api/transfers', { container: 'B', target: { device: 'Hotel' } })]) {
    t.match(answer.body, { relabelled: [{ barcode: null, missing_since: null, removed_at: null }], detail: /which has none now; it is in slot 1/ }, 'also to one without a label now')
  }
  t.match((await lab.get('/api/containers?former_barcode=A')).body.items, [{ barcode: 'NEW' }])
  t.match((await lab.get('/api/events?container=A&kind=barcode-set')).body.items, [{ after: { barcode: 'NEW' } }])
})

t.test('a label of before leads to its container in the lists of containers and steps, also when the plate is gone', async (t) => {
  const lab = await aFullLab(t)
  const log = async (container: string, start: string) => (await lab.post('/api/steps', { device: 'Hotel', start, finish: start, containers: [container] })).body.id as string
  const [ofA, ofB] = [await log('A', '2026-03-02T09:15:00Z'), await log('B', '2026-03-02T09:16:00Z')]
  await relabel(lab, [['A', 'NEW']])
  await lab.delete('/api/containers/B')
  const steps = async (container: string) => (await lab.get(`/api/steps?container=${container}`)).body.items.map(({ id }: any) => id)
  t.same(await steps('A'), [ofA])
  t.same(await steps('NEW'), [ofA])
  t.same(await steps('B'), [ofB], 'a barcode of a removed container')
  t.same(await steps('nobody'), [])
  t.match((await lab.get('/api/steps/statistics?container=A')).body.items, [{ count: 1 }])
  const found = async (query: string) => (await lab.get(`/api/containers?count=true&${query}`)).body
  t.match(await found('barcode=A'), { items: [{ barcode: 'NEW' }], total: 1 })
  t.match(await found('barcode=A&removed=any'), { items: [{ barcode: 'NEW' }], total: 1 })
  t.same((await found('barcode=A&device=Other')).items, [])
  t.same((await found('barcode=B')).items, [])
  t.match((await found('barcode=B&removed=any')).items, [{ barcode: 'B' }])
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'A' })
  t.match(await found('barcode=A'), { items: [{ barcode: 'A' }], total: 1 }, 'a label that is in use again is that container')
  t.same(await steps('A'), [])
})

t.test('a former label that is read from the container itself is recorded with a warning', async (t) => {
  const lab = await aFullLab(t)
  await relabel(lab, [['A', 'NEW']])
  const warned = [{ code: 'former-label', pointer: '/barcode', detail: /former label of the container, whose barcode is "NEW" now/ }]
  t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 0, target_device: 'Hotel', target_pos: 3, barcode: 'A' }), { status: 200, body: { container: { barcode: 'NEW', position: 3 }, warnings: warned } })
  t.match(await lab.post('/api/transfers', { source: { device: 'Hotel', position: 3 }, target: { device: 'Hotel', position: 4 }, barcode: 'A' }), { status: 200, body: { container: { barcode: 'NEW', position: 4 }, warnings: warned } })
  t.match((await lab.post('/api/transfers/batch', { transfers: [{ container: 'NEW', target: { device: 'Hotel', position: 5 }, barcode: 'A' }] })).body.items, [{ container: { barcode: 'NEW', position: 5 }, warnings: [{ ...warned[0], pointer: '/transfers/0/barcode' }] }])
  t.match((await lab.post('/api/transfers?dry_run=true', { container: 'NEW', barcode: 'A' })).body, { findings: [], warnings: warned })
  const { body: { id } } = await lab.get('/api/containers/NEW')
  t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 5, target_device: 'Hotel', target_pos: 3, barcode: id }), { status: 200, body: { warnings: undefined } }, 'its id is no label')

  const mismatch = { status: 409, body: { code: 'source-mismatch', pointer: '/barcode', detail: /"B", not "A"\. Until .*, "A" was the barcode of the container "NEW"; it is in slot 3 of Hotel/, relabelled: [{ barcode: 'NEW' }] } }
  t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 1, target_device: 'Hotel', target_pos: 4, barcode: 'A' }), mismatch, 'a former label of another container')
  t.match(await lab.post('/api/transfers', { container: 'B', barcode: 'A' }), mismatch)
  t.match(await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 1, target_device: 'Hotel', target_pos: 4, barcode: id }), { status: 409, body: { code: 'source-mismatch', detail: /"B", not "NEW", which is in slot 3 of Hotel/ } })
  await lab.post('/api/containers', { device: 'Hotel', position: 5, barcode: 'A' })
  t.match(await lab.post('/api/transfers', { container: 'NEW', barcode: 'A' }), { status: 409, body: { code: 'source-mismatch', detail: /not "A", which is in slot 5/ } }, 'a label that another container has now')
})

t.test('a thousand barcodes are looked up in one call and one statement, in order', async (t) => {
  const lab = await aFullLab(t)
  const { body: { id } } = await lab.get('/api/containers/B')
  await relabel(lab, [['A', 'NEW']])
  await lab.post('/api/arrangements', { reason, items: [], missing: ['B'] })
  await lab.delete('/api/containers/C')
  const { status, body } = await lab.post('/api/containers/lookup', { barcodes: ['C', 'A', 'B', 'NEW', 'nobody', 'NEW', id] })
  t.equal(status, 200)
  t.same(body.items.map(({ barcode, found, containers }: any) => [barcode, found, containers.map((one: any) => one.barcode)]), [
    ['C', 'removed', ['C']], ['A', 'relabelled', ['NEW']], ['B', 'missing', ['B']], ['NEW', 'present', ['NEW']], ['nobody', 'unknown', []], ['NEW', 'present', ['NEW']], [id, 'missing', ['B']]
  ])
  t.same(body.items[3].containers[0], (await lab.get('/api/containers/NEW')).body, 'a whole container, as it is read alone')
  t.same((await lab.post('/api/containers/lookup', { barcodes: ['new', 'a', 'NEW', 'b', 'nobody'] })).body.items.map((one: any) => [one.found, one.differs_in_case]),
    [['unknown', 'NEW'], ['unknown', null], ['present', null], ['unknown', 'B'], ['unknown', null]], 'a barcode that differs in case only from one on the platform')
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'C' })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'A' })
  t.match((await lab.post('/api/containers/lookup', { barcodes: ['C', 'A'] })).body.items, [{ found: 'present' }, { found: 'present' }], 'a label that is in use again is present')

  const { pool } = lab.app.database
  const statements: unknown[] = []
  const { query } = pool
  pool.query = function (this: unknown, ...args: unknown[]) {
    statements.push(args[0])
    return (query as any).apply(pool, args)
  } as any
  const many = await lab.post('/api/containers/lookup', { barcodes: Array.from({ length: 1000 }, (_, n) => n % 2 === 0 ? 'NEW' : `P${n}`) })
  pool.query = query
  t.equal(many.body.items.length, 1000)
  t.equal(statements.filter((one: any) => /lookup_containers/.test(one.text)).length, 1)
  t.equal(statements.filter((one: any) => /container/.test(one.text ?? '')).length, 1)
  t.match(await lab.post('/api/containers/lookup', { barcodes: Array.from({ length: 1001 }, () => 'A') }), { status: 400, body: { errors: [{ pointer: '/barcodes' }] } })
  t.match(await lab.post('/api/containers/lookup', { barcodes: [] }), { status: 400, body: { errors: [{ pointer: '/barcodes' }] } })
})

t.test('every command that gives a container a barcode warns of one that differs in case only', async (t) => {
  const lab = await aFullLab(t)
  const { body: { id } } = await lab.post('/api/containers', { device: 'Hotel', position: 3 })
  const { body: { revision } } = await lab.get('/api/lab')
  const { body: removed } = await lab.post('/api/containers', { device: 'Hotel', position: 4, barcode: 'bb' })
  const warning = (pointer: string, other: RegExp) => [{ code: 'barcode-differs-in-case', pointer, detail: other }]
  const back = async () => await lab.patch(`/api/containers/${id}`, { barcode: null })
  for (const dry of ['?dry_run=true', '']) {
    t.match(await relabel(lab, [['B', 'other'], [id, 'a']], dry), { status: 200, body: { warnings: warning('/labels/1/barcode', /"A"\. It differs from "a"/) } }, `relabel${dry}`)
    if (dry === '') t.same((await relabel(lab, [['other', 'B']])).body.warnings, [])
    await back()
    t.match((await relabel(lab, [['B', 'xy'], ['C', 'XY']], dry)).body.warnings, [...warning('/labels/0/barcode', /"XY"/), ...warning('/labels/1/barcode', /"xy"/)], 'also of one another')
    if (dry === '') await relabel(lab, [['xy', 'B'], ['XY', 'C']])
    t.match((await lab.patch(`/api/containers/${id}${dry}`, { barcode: 'a' })).body.warnings, warning('/barcode', /"A"/), `change${dry}`)
    await back()
    t.match((await lab.post(`/api/containers/${id}/correct${dry}`, { reason, barcode: 'a' })).body.warnings, warning('/barcode', /"A"/), `correction${dry}`)
    await back()
    t.match((await lab.post(`/api/transfers${dry}`, { container: id, barcode: 'a', target: { device: 'Hotel' } })).body.warnings, warning('/barcode', /"A"/), `transfer${dry}`)
    await back()
    t.match((await lab.post('/api/stocktakes', { device: 'Hotel', reason, apply: dry === '', seen: [[0, 'A'], [1, 'B'], [2, 'C'], [4, 'bb'], [5, 'a']].map(([position, barcode]) => ({ position, barcode })) })).body.warnings, warning('/seen/4/barcode', /"A"/), `stocktake${dry}`)
    t.match((await lab.post(`/api/containers${dry}`, { device: 'Hotel', barcode: 'c' })).body.warnings, warning('/barcode', /"C"/), `add${dry}`)
  }
  await lab.delete('/api/containers/c')
  t.match((await lab.post('/api/lab/restore', { at: revision, reason })).body.containers.length > 0, true)
  t.same((await relabel(lab, [['A', 'a']])).body.warnings, [], 'its own barcode is no other one')
  t.equal((await lab.get(`/api/containers/${removed.id}`)).body.barcode, 'bb')
})
