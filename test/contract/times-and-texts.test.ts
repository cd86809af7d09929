import t from 'tap'
import { aLab } from '../support/service.ts'

const lab = await aLab(t, { Washer: 1, Hotel: 4 })
const step = (start: string) => lab.post('/api/steps', { device: 'Washer', start, finish: '2017-01-01T00:10:00Z' })

t.test('a leap second is the second after 23:59:59, whatever the offset', async (t) => {
  for (const start of ['2016-12-31T23:59:60Z', '2016-12-31T22:59:60-01:00', '2017-01-01T00:59:60+01:00', '2016-12-31t23:59:60.250z']) {
    const { status, body } = await step(start)
    t.equal(status, 201, start)
    t.match(body.start, /^2017-01-01T00:00:00\.(000|250)Z$/, start)
  }
  t.match(await lab.get('/api/steps?started_after=2016-12-31T23:59:60Z&count=true'), { status: 200, body: { total: 4 } })
  t.equal((await lab.get('/api/lab?at=2099-12-31T23:59:60Z')).status, 200)
  t.equal((await lab.post('/api/lab/restore?dry_run=true', { at: '1999-12-31T23:59:60Z', reason: 'x' })).status < 500, true)
})

t.test('another second 60 is refused', async (t) => {
  for (const start of ['2016-12-31T23:58:60Z', '2016-12-31T23:59:60+01:00', '2016-12-31T23:59:61Z']) t.match(await step(start), { status: 400, body: { errors: [{ pointer: '/start' }] } }, start)
})

t.test('a date that does not exist is refused by its name', async (t) => {
  t.match(await step('2026-02-30T10:00:00Z'), { status: 400, body: { errors: [{ pointer: '/start', detail: /2026-02-30; that month has 28 days/ }] } })
  for (const query of ['steps?started_after=', 'events?recorded_after=', 'lab?at=']) {
    t.match(await lab.get(`/api/${query}2026-04-31T10:00:00Z`), { status: 400, body: { errors: [{ detail: /2026-04-31; that month has 30 days/ }] } }, query)
  }
})

t.test('the source of a process may be empty, and its line endings do not matter for `reuse`', async (t) => {
  t.match(await lab.post('/api/processes', { name: 'empty', source: '' }), { status: 201, body: { source: '' } })
  const add = async (source: string) => await lab.post('/api/processes', { name: 'lines', source, reuse: true })
  const first = await add('a\r\nb\r\n')
  t.match(first, { status: 201, body: { source: 'a\r\nb\r\n' } })
  for (const source of ['a\nb\n', 'a\r\nb\n', 'a\r\nb\r\n']) t.match(await add(source), { status: 200, body: { id: first.body.id, source: 'a\r\nb\r\n' } }, JSON.stringify(source))
  t.equal((await add('a\nb')).status, 201)
})

t.test('every refusal of a call with many entries says which entry it is', async (t) => {
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'A' })
  const bad = { device: '' }
  const calls: [string, object][] = [
    ['/api/containers/relabel', { reason: 'x', labels: [{ container: 'A', barcode: 'B' }, { container: 'A', barcode: 'C' }] }],
    ['/api/containers/lookup', { barcodes: ['A', ''] }],
    ['/api/arrangements', { reason: 'x', items: [{ barcode: 'A', device: 'Hotel', position: 0 }, bad] }],
    ['/api/arrangements', { reason: 'x', items: [{ barcode: 'A', device: 'Hotel', position: 0 }, { barcode: 'A', device: 'Hotel', position: 1 }] }],
    ['/api/arrangements', { reason: 'x', items: [], missing: ['A', 'A'] }],
    ['/api/stocktakes', { device: 'Hotel', seen: [{ position: 0, barcode: 'A' }, { position: 0, barcode: 'B' }] }],
    ['/api/estimates/remaining', { step_ids: ['00000000-0000-7000-8000-000000000000', 'x'] }]
  ]
  for (const [path, body] of calls) t.match(await lab.post(path, body), { status: 400, body: { index: 1 } }, `${path} ${JSON.stringify(body)}`)
})

t.test('a name that grows beyond its length in form NFC is refused', async (t) => {
  t.match(await lab.post('/api/containers', { device: 'Hotel', barcode: '\u0958'.repeat(150) }), { status: 400, body: { errors: [{ pointer: '/barcode', detail: /too long in Unicode form NFC/ }] } })
  t.equal((await lab.post('/api/containers', { device: 'Hotel', barcode: '\u0958'.repeat(100) })).status, 201)
})

t.test('an unknown kind of event is refused, with those that are known', async (t) => {
  t.match(await lab.get('/api/events?kind=lab-wipe'), { status: 400, body: { errors: [{ parameter: 'kind', detail: /lab-wiped/ }] } })
})
