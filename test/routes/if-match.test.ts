import t from 'tap'
import { operationsOf, resolved } from '../contract/rules/rule.ts'
import { aCertificate } from '../support/certificate.ts'
import { theDocument } from '../support/openapi.ts'
import { aLab, type Service } from '../support/service.ts'

const start = '2026-03-02T09:00:00Z'

async function tagOf (service: Service, path: string): Promise<string> {
  return String((await service.get(path)).headers.etag)
}

t.test('what was changed since it was read is not changed again', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1, Reader: 1 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1', lidded: true })
  await service.put('/api/devices/Hotel/certificate', aCertificate, { 'content-type': 'text/plain' })
  const { body: process } = await service.post('/api/processes', { name: 'p', source: 's' })
  const { body: experiment } = await service.post('/api/experiments', { process_id: process.id })
  const { body: step } = await service.post('/api/steps', { device: 'Hotel', start })

  // the read, the change that another client makes after it, and the write that is refused then
  type Call = [Parameters<Service['call']>[0], string, unknown?, Record<string, string>?]
  const cases: [read: string, meanwhile: Call, then: Call][] = [
    ['/api/containers/P1', ['PATCH', '/api/containers/P1', { content: 'cells' }], ['POST', '/api/containers/P1/move', { target_device: 'Washer' }]],
    ['/api/containers/P1', ['POST', '/api/containers/P1/unlid', { lid_device: 'Hotel' }], ['POST', '/api/containers/P1/lid', {}]],
    ['/api/containers/P1', ['POST', '/api/containers/P1/lid', {}], ['POST', '/api/containers/P1/unlid', { lid_device: 'Hotel' }]],
    ['/api/containers/P1', ['PATCH', '/api/containers/P1', { content: 'more cells' }], ['PATCH', '/api/containers/P1', { content: null }]],
    ['/api/containers/P1', ['PATCH', '/api/containers/P1', { content: 'cells' }], ['DELETE', '/api/containers/P1']],
    ['/api/devices/Reader', ['PATCH', '/api/devices/Reader', { capacity: 2 }], ['PATCH', '/api/devices/Reader', { capacity: 3 }]],
    ['/api/devices/Reader', ['PATCH', '/api/devices/Reader', { capacity: 3 }], ['DELETE', '/api/devices/Reader']],
    ['/api/devices/Reader/positions/0', ['PATCH', '/api/devices/Reader/positions/0', { deep_well_suited: true }], ['PATCH', '/api/devices/Reader/positions/0', { deep_well_suited: false }]],
    ['/api/devices/Hotel/certificate', ['PUT', '/api/devices/Hotel/certificate', aCertificate + aCertificate, { 'content-type': 'text/plain' }], ['DELETE', '/api/devices/Hotel/certificate']],
    ['/api/lab/config', ['PATCH', '/api/devices/Reader', { capacity: 4 }], ['PUT', '/api/lab/config', { sila_servers: {} }]],
    ['/api/lab', ['POST', '/api/containers', { device: 'Hotel' }], ['DELETE', '/api/lab?confirm=wipe']],
    [`/api/processes/${process.id}`, ['DELETE', `/api/processes/${process.id}`], ['DELETE', `/api/processes/${process.id}`]],
    [`/api/experiments/${experiment.id}`, ['PATCH', `/api/experiments/${experiment.id}`, { name: 'a' }], ['PATCH', `/api/experiments/${experiment.id}`, { name: 'b' }]],
    [`/api/steps/${step.id}`, ['PATCH', `/api/steps/${step.id}`, { reason: 'r', is_simulation: true }], ['POST', `/api/steps/${step.id}/finish`, {}]],
    [`/api/steps/${step.id}`, ['POST', `/api/steps/${step.id}/finish`, {}], ['PATCH', `/api/steps/${step.id}`, { reason: 'r', is_simulation: false }]]
  ]
  for (const [read, meanwhile, [method, path, body]] of cases) {
    const what = `${method} ${path} after ${meanwhile[0]}`
    const tag = await tagOf(service, read)
    const done = await service.call(...meanwhile)
    t.ok(done.status < 300, `${what}: ${done.text.slice(0, 100)}`)
    const present = await service.get(read)
    t.match(await service.call(method, path, body, { 'if-match': tag }), { status: 412, body: { code: 'precondition-failed' } }, what)
    t.equal((await service.get(read)).text, present.text, `${what} changed nothing`)
  }
})

t.test('what is as it was read is changed: by its tag, its version, one of several tags, or any', async (t) => {
  const service = await aLab(t, { Hotel: 9 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const move = async (position: number, tag: string) => (await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: position }, { 'if-match': tag })).status
  t.equal(await move(1, await tagOf(service, '/api/containers/P1')), 200)
  t.equal(await move(2, '"2"'), 200)
  t.equal(await move(3, '"1", "3"'), 200)
  t.equal(await move(4, '*'), 200)
  t.equal(await move(5, 'W/"5"'), 412, 'a weak tag says too little')
  t.equal(await move(5, '5'), 412, 'a tag is in quotes')
  t.equal(await move(5, '"1", '.repeat(401)), 400, 'as long as the document says')
})

t.test('a device renamed changes how its containers look, not the containers', async (t) => {
  const service = await aLab(t, { Hotel: 4, Washer: 1 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const tag = await tagOf(service, '/api/containers/P1')
  await service.patch('/api/devices/Hotel', { name: 'Hotel1' })
  t.not(await tagOf(service, '/api/containers/P1'), tag)
  t.equal((await service.post('/api/containers/P1/move', { target_device: 'Washer' }, { 'if-match': tag })).status, 200)
})

t.test('of many that saw the same plate, one moves it', async (t) => {
  const service = await aLab(t, { Hotel: 20 })
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const tag = await tagOf(service, '/api/containers/P1')
  const answers = await Promise.all(Array.from({ length: 12 }, (_, slot) =>
    service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: slot + 1 }, { 'if-match': tag })))
  t.strictSame(answers.map(({ status }) => status).sort(), [200, ...Array<number>(11).fill(412)])
})

t.test('If-Match on what is not there is a 404, and where nothing can be read a 400', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  t.match(await service.patch('/api/containers/P9', { content: 'x' }, { 'if-match': '*' }), { status: 404, body: { code: 'container-not-found' } })
  t.match(await service.post('/api/containers', { device: 'Hotel' }, { 'if-match': '*' }), { status: 400, body: { errors: [{ in: 'headers', parameter: 'If-Match' }] } })
  t.equal((await service.get('/api/containers?count=true')).body.total, 0)
  const pem = { 'content-type': 'application/x-pem-file', 'if-match': '*' }
  t.match(await service.put('/api/devices/Hotel/certificate', aCertificate, pem), { status: 412, body: { code: 'precondition-failed', etags: [] } }, 'of a device that has none')
})

t.test('a tag and a key together: the retry is answered as before, though the thing was changed by then', async (t) => {
  const service = await aLab(t, { Hotel: 4 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const headers = { 'if-match': '"1"', 'idempotency-key': 'k' }
  const first = await service.patch('/api/containers/P1', { content: 'cells' }, headers)
  t.equal(first.status, 200)
  t.equal((await service.patch('/api/containers/P1', { content: 'cells' }, headers)).text, first.text)
})

t.test('a condition on something that does not exist is answered as the document says', async (t) => {
  const service = await aLab(t, { Hotel: 1 })
  const document = await theDocument()
  const conditional = operationsOf(document).filter(({ operation }) => '412' in operation.responses)
  t.ok(conditional.length > 20, String(conditional.length))
  for (const { at, method, path, operation } of conditional) {
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name === 'position' ? '7' : name === 'id' ? '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d' : 'Unknown')
    const json = operation.requestBody?.content['application/json']
    const body = json === undefined ? undefined : resolved(document, json.schema).examples?.[0] ?? {}
    const { status } = await service.call(method.toUpperCase() as 'PUT', url, body, { 'if-match': '*' })
    t.ok(String(status) in operation.responses, `${at}: ${status}`)
  }
})
