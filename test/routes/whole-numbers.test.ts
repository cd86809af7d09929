import fc from 'fast-check'
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { keptAsText, readExactly, writeExactly } from '../../src/domain/whole-numbers.ts'
import { aStep, rows } from '../support/log.ts'
import { aLab, aService } from '../support/service.ts'

// No digit of a whole number is lost, wherever it stands.

const json = { 'content-type': 'application/json' }
const yaml = { 'content-type': 'application/yaml' }
const big = '1546130668394913822'
const held = '1152921504606846976'

/** A body with these members of `data`, spelled out. */
const stepWith = (data: string, members: object = {}) => JSON.stringify(aStep({ ...members, data: {} })).replace('"data":{}', `"data":${data}`)

t.test('a step keeps every digit, as text where a double would lose some, and says so', async (t) => {
  const service = await aService(t)
  const answer = await service.post('/api/steps', stepWith(`{"fct":"read","plate_id":${big},"a/b":[1,{"~":-${big}}],"two":9007199254740993,"even":9007199254740994,"held":${held},"text":"${big}1"}`), json)
  t.equal(answer.status, 201)
  const { data, warnings } = answer.body
  t.same(data, { fct: 'read', plate_id: big, 'a/b': [1, { '~': `-${big}` }], two: '9007199254740993', even: 9007199254740994, held: 2 ** 60, text: `${big}1` })
  t.same(warnings.filter(({ code }: { code: string }) => code === 'number-kept-as-text').map(({ pointer }: { pointer: string }) => pointer),
    ['/data/plate_id', '/data/a~1b/1/~0', '/data/two'])
  for (const path of [`/api/steps/${answer.body.id}`, '/api/steps']) {
    const { text } = await service.get(path)
    t.ok(text.includes(`"${big}"`) && text.includes(held) && text.includes('9007199254740994'), `${path}: ${text.slice(0, 500)}`)
  }
  const finished = await service.post('/api/steps', stepWith('{}', { finish: null }), json)
  t.match((await service.post(`/api/steps/${finished.body.id}/finish`, `{"data":{"id":${big},"held":${held}}}`, json)).body,
    { data: { id: big }, warnings: [{ code: 'clock-behind' }, { code: 'unknown-device' }, { code: 'number-kept-as-text', pointer: '/data/id' }] })
  const corrected = await service.patch(`/api/steps/${answer.body.id}`, `{"reason":"more","data":{"plate_id":"${big}","other":${big}9}}`, json)
  t.same(corrected.body.data, { plate_id: big, other: `${big}9` })
  t.same(corrected.body.warnings.map(({ pointer }: { pointer: string }) => pointer).sort(), ['/data/other', '/data/plate_id', '/device'])
})

t.test('steps that differ in such a number do not share a history, and as text or as number they do', async (t) => {
  const service = await aService(t)
  await service.post('/api/steps', stepWith(`{"fct":"read","protocol":"p","id":${big}}`), json)
  const ask = async (id: string) => (await service.post('/api/estimates', `{"step":{"device":"Reader","data":{"fct":"read","protocol":"p","id":${id}}}}`, json)).body.level
  t.equal(await ask(big), 'parameters')
  t.equal(await ask(`"${big}"`), 'parameters')
  t.equal(await ask('1546130668394913823'), 'device_protocol')
  await service.post('/api/steps', stepWith(`{"fct":"read","protocol":"p","id":${held}}`), json)
  t.equal(await ask(`"${held}"`), 'parameters')
  t.equal(await ask(`"${BigInt(held) + 1n}"`), 'device_protocol')
})

t.test('with a point or an exponent, too, if digits would be lost', async (t) => {
  const service = await aService(t)
  const { body: { data } } = await service.post('/api/steps',
    stepWith('{"a":9007199254740993.0,"b":1.546130668394913822e18,"c":-154613066.8394913822E10,"avogadro":6.02214076e23,"half":9007199254740993.5e0,"small":0.12345678901234567,"pi":3.141592653589793,"even":9007199254740994.0}'), json)
  t.same(data, { a: '9007199254740993', b: big, c: `-${big}`, avogadro: Number('6.02214076e23'), half: 2 ** 53 + 2, small: Number('0.12345678901234567'), pi: 3.141592653589793, even: 9007199254740994 })
  const zeros = `1${'0'.repeat(200_000)}1.0`
  const before = process.cpuUsage()
  readExactly(zeros, JSON.parse(zeros))
  t.ok(process.cpuUsage(before).user < 2_000_000, 'a long number does not take the square of its length')
  await service.put('/api/lab/config', 'sila_servers: { storage: { Hotel: { capacity: 1, asset: 1.546130668394913822e18 } } }', yaml)
  t.match((await service.get('/api/lab/config')).body, { sila_servers: { storage: { Hotel: { asset: big } } } })
})

t.test('in batches, transfers, processes and experiments', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  t.match((await lab.post('/api/steps/batch', `{"steps":[${stepWith('{}')},${stepWith(`{"id":${big}}`)}]}`, json)).body.items[1], { data: { id: big }, warnings: [{ pointer: '/data/id' }] })
  t.match((await lab.post('/api/transfers', `{"container":"P1","target":{"device":"Hotel","position":1},"step":${stepWith(`{"id":${big}}`, { device: 'Hotel' })}}`, json)).body.step,
    { data: { id: big }, warnings: [{ code: 'number-kept-as-text', pointer: '/data/id' }] })
  const warned = { metadata: { lims: big }, warnings: [{ code: 'number-kept-as-text', pointer: '/metadata/lims' }] }
  const { body: process } = await lab.post('/api/processes', `{"name":"p","source":"s","metadata":{"lims":${big}}}`, json)
  t.match(process, warned)
  t.match((await lab.get('/api/processes')).body.items[0], warned)
  const { body: experiment } = await lab.post('/api/experiments', `{"process_id":"${process.id}","metadata":{"lims":${big}}}`, json)
  t.match(experiment, warned)
  t.match((await lab.get(`/api/experiments/${experiment.id}`)).body, warned)
  const changed = await lab.patch(`/api/experiments/${experiment.id}`, `{"metadata":{"a":1,"held":${held}}}`, json)
  t.same(changed.body.warnings, [])
  t.ok(changed.text.includes(held), changed.text)
})

t.test('in the lab file, as YAML and as JSON, and in its export and the past', async (t) => {
  const service = await aService(t)
  const file = `serial: ${big}\nsila_servers:\n  storage:\n    Hotel:\n      capacity: 2\n      asset: ${big}\n      hex: 0xFFFFFFFFFFFFFFFF\n      held: ${held}\n      plus: [+${big}, -${big}]\n`
  const applied = await service.put('/api/lab/config', file, yaml)
  t.match(applied, { status: 200, body: { applied: true } })
  t.same(applied.body.warnings.map(({ pointer }: { pointer: string }) => pointer).sort(), [
    '/serial', '/sila_servers/storage/Hotel/asset', '/sila_servers/storage/Hotel/hex', '/sila_servers/storage/Hotel/plus/0', '/sila_servers/storage/Hotel/plus/1'
  ])
  const asJson = await service.get('/api/lab/config')
  t.match(asJson.body, { serial: big, sila_servers: { storage: { Hotel: { asset: big, hex: '18446744073709551615', plus: [big, `-${big}`] } } } })
  t.ok(asJson.text.includes(`"held":${held}`), asJson.text)
  const asYaml = await service.get('/api/lab/config', { accept: 'application/yaml' })
  t.match(asYaml.text, new RegExp(`asset: "${big}"[\\s\\S]*held: ${held}\n[\\s\\S]*serial: "${big}"`))
  for (const again of [[file, yaml], [asYaml.text, yaml], [asJson.text, json]] as const) {
    t.match(await service.put('/api/lab/config', again[0], again[1]), { status: 200, body: { changes: [{ action: 'unchanged' }] } })
  }
  const { etag } = asJson.headers
  t.match(await service.put('/api/lab/config', file, { ...yaml, 'if-match': String(etag) }), { status: 200 })
})

t.test('what a double holds is stored and answered with all its digits, in every column of JSON', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const held60 = `{"held":${held}}`
  const send = async (method: 'POST' | 'PATCH' | 'PUT' | 'GET', path: string, body?: string) => {
    const { status, text, body: answer } = await lab.call(method, path, body, body === undefined ? {} : json)
    if (status >= 300) throw new Error(text)
    t.ok(!text.includes('1152921504606847000'), `${method} ${path}: ${text.slice(0, 300)}`)
    return answer as { id: string }
  }
  await send('PUT', '/api/lab/config', `{"sila_servers":{"devices":{"Hotel":{"capacity":2,"asset":${held}}}},"serial":${held}}`)
  await send('POST', '/api/devices', `{"name":"Reader","capacity":1,"extra":${held60}}`)
  await send('PATCH', '/api/devices/Reader', `{"extra":{"other":${held}}}`)
  await send('POST', '/api/containers', '{"device":"Hotel","barcode":"P1"}')
  const process = await send('POST', '/api/processes', `{"name":"p","source":"s","metadata":${held60}}`)
  const experiment = await send('POST', '/api/experiments', `{"process_id":"${process.id}","metadata":${held60}}`)
  await send('PATCH', `/api/experiments/${experiment.id}`, `{"metadata":{"other":${held}}}`)
  const step = await send('POST', '/api/steps', stepWith(held60))
  await send('POST', '/api/steps/batch', `{"steps":[${stepWith(held60)}]}`)
  const running = await send('POST', '/api/steps', stepWith('{}', { finish: null }))
  await send('POST', `/api/steps/${running.id}/finish`, `{"data":${held60}}`)
  await send('PATCH', `/api/steps/${step.id}`, `{"reason":"more","data":{"other":${held}}}`)
  await send('POST', '/api/transfers', `{"container":"P1","target":{"device":"Hotel","position":1},"step":${stepWith(held60, { id: randomUUID(), device: 'Hotel' })}}`)
  for (const path of [
    '/api/lab/config', '/api/lab/config?at=3', '/api/devices', '/api/devices/Reader', '/api/devices/Reader?at=3', '/api/processes', `/api/processes/${process.id}`, '/api/experiments',
    `/api/experiments/${experiment.id}`, '/api/steps', `/api/steps/${step.id}`, `/api/steps/${step.id}/history`, '/api/events?limit=500', `/api/experiments/${experiment.id}/steps`
  ]) await send('GET', path)
  await lab.delete(`/api/processes/${process.id}`)
  await send('POST', '/api/lab/restore', '{"at":3,"reason":"back"}')

  const columns = await rows(lab, `SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.data_type IN ('json', 'jsonb')`)
  const full: string[] = []
  for (const { table_name, column_name } of columns) {
    const texts = await rows(lab, `SELECT ${column_name}::text AS text FROM ${table_name} WHERE ${column_name} IS NOT NULL`)
    t.notOk(texts.some(({ text }) => String(text).includes('1152921504606847000')), `${table_name}.${column_name}`)
    if (texts.some(({ text }) => String(text).includes(held))) full.push(`${table_name}.${column_name}`)
  }
  t.same(full.sort(), ['device.extra', 'event_log.became', 'event_log.was', 'experiment.metadata', 'lab.extra', 'process.metadata', 'step.data', 'transfer_outcome.step'])
})

t.test('where a number is wanted, one with too many digits is refused with its place', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  t.match(await lab.post('/api/containers', `{"device":"Hotel","position":${big}}`, json), { status: 400, body: { errors: [{ pointer: '/position' }] } })
  t.match(await lab.post('/api/steps', big, json), { status: 400 })
  t.match(await lab.put('/api/lab/config', `sila_servers: {g: {D: {capacity: ${big}}}}`, yaml), { status: 400, body: { errors: [{ pointer: '/sila_servers/g/D/capacity' }] } })
  t.match(await lab.post('/api/steps', stepWith(`{"n":0${big}}`), json), { status: 400, body: { code: 'malformed-body' } }, 'what is no JSON does not become JSON')
  t.match(await lab.post('/api/steps', stepWith(`{"n":${'9'.repeat(1000)}}`), json), { status: 201, body: { data: { n: '9'.repeat(1000) } } }, 'of any size')
})

t.test('reading and writing lose no digit, whatever the text', async () => {
  const whole = fc.oneof(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.bigInt({ min: 2n ** 53n - 5n, max: 2n ** 54n }), fc.integer({ min: 53, max: 69 }).map((bits) => 2n ** BigInt(bits)))
  const key = fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('/', '~', '"', '\\', '9007199254740993', '\\"')).filter((name) => name !== '__proto__')
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, whole, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string(), fc.constantFrom(true, null, '12345678901234567890', '"12345678901234567890'),
      fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(key, tie('tree'), { maxKeys: 4 }))
  }))
  const spelled = (value: unknown): string => typeof value === 'bigint' ? String(value)
    : Array.isArray(value) ? `[${value.map(spelled).join()}]`
      : typeof value === 'object' && value !== null ? `{${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${spelled(inner)}`).join()}}` : JSON.stringify(value)
  const isHeld = (value: bigint) => BigInt(Number(value)) === value
  const expected = (value: unknown): unknown => typeof value === 'bigint' ? (isHeld(value) ? Number(value) : String(value))
    : Array.isArray(value) ? value.map(expected)
      : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, expected(inner)])) : value
  const textsIn = (value: unknown): number => typeof value === 'bigint' ? (isHeld(value) ? 0 : 1)
    : typeof value === 'object' && value !== null ? Object.values(value).reduce<number>((sum, inner) => sum + textsIn(inner), 0) : 0
  fc.assert(fc.property(tree, (value) => {
    const text = spelled([value])
    const read = readExactly(text, JSON.parse(text))
    const canonical = (one: unknown) => JSON.stringify(one)
    if (canonical(read) !== canonical(expected([value]))) return false
    if (keptAsText(read).length !== Math.min(20, textsIn([value]))) return false
    // Numbers below 1e21 are written with the digits that they had.
    const written = writeExactly(read)
    return canonical(readExactly(written, JSON.parse(written))) === canonical(read) && (!(typeof value === 'bigint' && isHeld(value) && value < 10n ** 21n && value > -(10n ** 21n)) || written === text)
  }), { numRuns: 500 })
})
