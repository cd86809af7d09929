import { createHash, randomUUID } from 'node:crypto'
import t from 'tap'
import { rows } from '../support/log.ts'
import { aService } from '../support/service.ts'

const source = 'class Screening:\r\n\tpass\r\n\r\n# Ende – “µL”\n'
const sha256 = createHash('sha256').update(source).digest('hex')

t.test('a process is kept with its source, byte for byte', async (t) => {
  const service = await aService(t)
  const created = await service.post('/api/processes', { name: 'Screening', source, metadata: { author: 'Ada' } })
  t.match(created, {
    status: 201,
    headers: { location: `/api/processes/${created.body.id}` },
    body: { name: 'Screening', source, source_sha256: sha256, metadata: { author: 'Ada' }, archived_at: null, version: 1 }
  })
  t.same((await service.get(`/api/processes/${created.body.id}`)).body, created.body)
  t.match(await service.get(`/api/processes/${created.body.id}/source`), { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, text: source })
})

t.test('a create repeated with its id answers what is there', async (t) => {
  const service = await aService(t)
  const id = randomUUID()
  const created = await service.post('/api/processes', { id, name: 'A', source })
  t.same(await service.post('/api/processes', { id: id.toUpperCase(), name: 'A', source, metadata: null }).then(({ status, body }) => ({ status, body })),
    { status: 200, body: created.body })
  t.match(await service.post('/api/processes', { id, name: 'A', source: 'another' }), { status: 409, body: { code: 'id-in-use', id, pointer: '/id' } })
})

t.test('a create sent many times at once makes one process', async (t) => {
  const service = await aService(t)
  const id = randomUUID()
  const answers = await Promise.all(Array.from({ length: 8 }, () => service.post('/api/processes', { id, name: 'A', source })))
  t.same(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 200, 200, 201])
})

t.test('names need not be unique', async (t) => {
  const service = await aService(t)
  const first = await service.post('/api/processes', { name: 'A', source })
  const second = await service.post('/api/processes', { name: 'A', source })
  t.equal(second.status, 201)
  t.not(first.body.id, second.body.id)
})

t.test('reuse answers the process of the same name and source', async (t) => {
  const service = await aService(t)
  const first = await service.post('/api/processes', { name: 'A', source, reuse: true })
  t.equal(first.status, 201)
  t.match(await service.post('/api/processes', { name: 'A', source, reuse: true, metadata: { other: true } }), { status: 200, body: { id: first.body.id, metadata: null } })
  t.equal((await service.post('/api/processes', { name: 'B', source, reuse: true })).status, 201)
  t.equal((await service.post('/api/processes', { name: 'A', source: `${source} `, reuse: true })).status, 201)
  await service.delete(`/api/processes/${first.body.id}`)
  t.equal((await service.post('/api/processes', { name: 'A', source, reuse: true })).status, 201, 'an archived one is not used again')
})

t.test('reuse does not mind how lines end, also where one source mixes the endings', async (t) => {
  const service = await aService(t)
  const lines = ['class Screening:', '  pass', '', '# end', '']
  const ending = (...ends: string[]) => lines.map((line, index) => index === lines.length - 1 ? line : `${line}${ends[index % ends.length]!}`).join('')
  const mixed = ending('\r\n', '\n')
  const first = await service.post('/api/processes', { name: 'A', source: mixed, reuse: true })
  for (const other of [mixed, ending('\n'), ending('\r\n'), ending('\n', '\r\n'), ending('\r'), ending('\n', '\r', '\r\n')]) {
    t.match(await service.post('/api/processes', { name: 'A', source: other, reuse: true }), { status: 200, body: { id: first.body.id, source: mixed } }, JSON.stringify(other))
  }
  t.equal((await service.post('/api/processes', { name: 'A', source: ending('\n\n'), reuse: true })).status, 201, 'an empty line more is another source')
  const connection = await service.app.database.pool.connect()
  t.teardown(() => connection.release(true))
  await connection.query('SET enable_seqscan = off')
  const { rows: plan } = await connection.query(`EXPLAIN SELECT 1 FROM process WHERE name = 'A' AND archived_at IS NULL
    AND hashtextextended(replace(replace(source, E'\\r\\n', E'\\n'), E'\\r', E'\\n'), 0) = 5`)
  t.match(JSON.stringify(plan), /process_lines_idx/, 'and an index finds it')
})

t.test('those who reuse at once make no twins', async (t) => {
  const service = await aService(t)
  const answers = await Promise.all(Array.from({ length: 10 }, () => service.post('/api/processes', { name: 'A', source, reuse: true })))
  t.equal(new Set(answers.map(({ body }) => body.id)).size, 1)
  t.equal(answers.filter(({ status }) => status === 201).length, 1)
  t.match(await rows(service, 'SELECT count(*)::int FROM process'), [{ count: 1 }])
})

t.test('lists come without sources, page by page, oldest first', async (t) => {
  const service = await aService(t)
  for (const name of ['A', 'B', 'C']) await service.post('/api/processes', { name, source })
  const first = await service.get('/api/processes?limit=2&count=true')
  t.match(first.body, { items: [{ name: 'A', source_sha256: sha256 }, { name: 'B' }], total: 3 })
  t.notOk('source' in first.body.items[0])
  t.match((await service.get(`/api/processes?limit=2&cursor=${first.body.next_cursor}`)).body, { items: [{ name: 'C' }], next_cursor: null })
  t.match(await service.get(`/api/processes?name=A&cursor=${first.body.next_cursor}`), { status: 400, body: { code: 'invalid-cursor' } })
  const [mark] = JSON.parse(Buffer.from(first.body.next_cursor as string, 'base64url').toString()) as string[]
  const forged = Buffer.from(JSON.stringify([mark, 'no uuid'])).toString('base64url')
  t.match(await service.get(`/api/processes?cursor=${forged}`), { status: 400, body: { code: 'invalid-cursor', parameter: 'cursor' } })
})

t.test('lists are filtered by name and source', async (t) => {
  const service = await aService(t)
  await service.post('/api/processes', { name: 'A', source })
  await service.post('/api/processes', { name: 'B', source: 'other' })
  t.match((await service.get('/api/processes?name=B')).body.items, [{ name: 'B' }])
  t.match((await service.get(`/api/processes?source_sha256=${sha256.toUpperCase()}`)).body.items, [{ name: 'A' }])
  t.same((await service.get(`/api/processes?name=B&source_sha256=${sha256}`)).body.items, [])
})

t.test('an archived process leaves the lists and stays readable', async (t) => {
  const service = await aService(t)
  const { body: { id } } = await service.post('/api/processes', { name: 'A', source })
  await service.post('/api/processes', { name: 'B', source })
  const archived = await service.delete(`/api/processes/${id}`)
  t.match(archived, { status: 200, body: { id, archived_at: /Z$/, version: 2 } })
  t.same((await service.delete(`/api/processes/${id}`)).body, archived.body, 'repeated, nothing changes')
  t.match((await service.get('/api/processes')).body.items, [{ name: 'B' }])
  t.match((await service.get('/api/processes?archived=true')).body.items, [{ name: 'A' }])
  t.equal((await service.get('/api/processes?archived=any')).body.items.length, 2)
  t.equal((await service.get(`/api/processes/${id}`)).status, 200)
})

t.test('single reads carry an ETag', async (t) => {
  const service = await aService(t)
  const { body: { id } } = await service.post('/api/processes', { name: 'A', source })
  for (const path of [`/api/processes/${id}`, `/api/processes/${id}/source`]) {
    const { headers: { etag } } = await service.get(path)
    t.match(await service.get(path, { 'if-none-match': etag as string }), { status: 304, text: '' })
  }
})

t.test('what is not there is not found, and what is wrong is told', async (t) => {
  const service = await aService(t)
  for (const path of [`/api/processes/${randomUUID()}`, `/api/processes/${randomUUID()}/source`]) {
    t.match(await service.get(path), { status: 404, body: { code: 'process-not-found', parameter: 'id' } })
  }
  t.match(await service.delete(`/api/processes/${randomUUID()}`), { status: 404 })
  t.match(await service.get('/api/processes/7'), { status: 400, body: { errors: [{ in: 'path', parameter: 'id' }] } })
  t.match(await service.get('/api/processes?nmae=A'), { status: 400, body: { errors: [{ in: 'query', parameter: 'nmae' }] } })
  t.match(await service.post('/api/processes', { name: 'A', source: 1, code: 1 }), { status: 400, body: { errors: [{ pointer: '/code' }, { pointer: '/source' }] } })
})
