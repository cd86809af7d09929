import t, { type Test } from 'tap'
import { aService, aServiceOn } from '../support/service.ts'

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** A service that has a key with the scope admin. `as` sends requests with a given key. */
async function aGuardedService (t: Test, env: Record<string, string> = {}) {
  const service = await aService(t, env)
  const { status, body } = await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  if (status !== 201) throw new Error(`no key: ${JSON.stringify(body)}`)
  const admin = bearer(body.key)
  async function aKey (members: object) {
    const made = await service.post('/api/keys', { name: 'robot', scopes: ['operate'], ...members }, admin)
    if (made.status !== 201) throw new Error(`no key: ${made.text}`)
    return { ...made.body, header: bearer(made.body.key) } as { id: string, key: string, header: Record<string, string> }
  }
  return { service, admin, adminKey: body.key as string, adminId: body.id as string, aKey }
}

const hotel = { sila_servers: { devices: { Hotel: { capacity: 3 } } } }

async function eventActors (url: string): Promise<unknown[]> {
  const { default: pg } = await import('pg')
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query('SELECT DISTINCT actor FROM event ORDER BY 1')).rows.map(({ actor }) => actor)
  } finally {
    await client.end()
  }
}

t.test('a service without keys serves its own machine without', async (t) => {
  const service = await aService(t)
  t.match(await service.get('/api/lab'), { status: 200 })
  t.match(await service.put('/api/lab/config', hotel), { status: 200 })
  t.match(await service.get('/api/keys'), { status: 200, body: { items: [] } })
  t.match(await service.get('/api/lab', { authorization: 'Bearer of-another-service' }), { status: 200 }, 'a key that nobody asked for does no harm')
})

t.test('without keys it answers to no name that others could have pointed here', async (t) => {
  const service = await aService(t)
  for (const host of ['evil.example', 'evil.example:8000', '192.0.2.1:8000', 'localhost.evil.example', '[2001:db8::1]:8000']) {
    t.match(await service.get('/api/lab', { host }), { status: 401, body: { code: 'unauthorized', detail: /localhost/ } }, host)
  }
  for (const host of ['localhost', 'LOCALHOST:8000', '127.0.0.1:8000', '127.1.2.3', '[::1]:8000']) t.match(await service.get('/api/lab', { host }), { status: 200 }, host)
})

t.test('from the first key on every call needs one, but for probes and the description', async (t) => {
  const { service, admin } = await aGuardedService(t)
  const answer = await service.get('/api/lab')
  t.match(answer, { status: 401, body: { code: 'unauthorized', detail: /Authorization: Bearer/ } })
  t.equal(answer.headers['www-authenticate'], 'Bearer realm="platform-status"')
  t.match(await service.post('/api/containers', { device: 'Hotel' }), { status: 401 })
  t.match(await service.get('/api/lab', { authorization: 'Basic YWRhOmFkYQ==' }), { status: 401 })
  t.match(await service.get('/api/lab', admin), { status: 200 })
  t.match(await service.get('/api/lab', { ...admin, host: 'status.lab.example' }), { status: 200 }, 'under any name')
  for (const path of ['/health/live', '/health/ready', '/openapi.json', '/asyncapi.json', '/docs', '/docs/static/index.html']) {
    t.ok((await service.get(path)).status < 400, path)
  }
  t.match(await service.get('/api/nothing'), { status: 404 }, 'what there is, is no secret')
})

t.test('the key is shown once, and kept as a hash', async (t) => {
  const { service, admin, adminKey, adminId } = await aGuardedService(t)
  t.match(adminKey, /^ps_[\w-]{43}$/)
  const answer = await service.post('/api/keys', { name: 'robot', scopes: ['operate'], expires_at: '2999-01-01T00:00:00+01:00' }, admin)
  t.match(answer, {
    status: 201, headers: { location: `/api/keys/${answer.body.id}`, 'cache-control': 'no-store' },
    body: { name: 'robot', scopes: ['operate'], created_by: 'ada', expires_at: '2998-12-31T23:00:00.000Z', revoked_at: null, revoked_by: null }
  })
  const listed = await service.get('/api/keys?count=true', admin)
  t.match(listed, { status: 200, body: { total: 2, items: [{ id: adminId, name: 'ada', created_by: null }, { name: 'robot' }] } })
  t.match(await service.get(String(answer.headers.location), admin), { status: 200, body: { name: 'robot' }, headers: { etag: String } })
  t.notMatch(listed.text, answer.body.key)
  const { rows } = await service.query('SELECT * FROM api_key')
  t.notMatch(JSON.stringify(rows), answer.body.key)
  t.notMatch(JSON.stringify(rows), adminKey)
})

t.test('no answer with a key in it is kept for an Idempotency-Key', async (t) => {
  const { service, admin } = await aGuardedService(t)
  const once = { ...admin, 'idempotency-key': 'once' }
  const input = { name: 'robot', scopes: ['operate'] }
  const { body } = await service.post('/api/keys', input, once)
  t.match(await service.post('/api/keys', input, once), { status: 409, body: { code: 'key-name-in-use', id: body.id } }, 'which tells what became of the first')
  t.match(await service.delete(`/api/keys/${body.id}`, { ...admin, 'idempotency-key': 'twice' }), { status: 204 })
  const { rows } = await service.query('SELECT * FROM idempotency_key')
  t.equal(rows.length, 1, 'the revocation')
  t.notMatch(JSON.stringify(rows), 'ps_')
})

t.test('scopes: read looks and estimates, operate records, admin changes the lab and the keys', async (t) => {
  const { service, admin, aKey } = await aGuardedService(t)
  const reader = (await aKey({ name: 'viewer', scopes: ['read'] })).header
  const robot = (await aKey({})).header
  const both = (await aKey({ name: 'both', scopes: ['read', 'admin'] })).header
  t.match(await service.put('/api/lab/config', hotel, both), { status: 200 })
  t.match(await service.get('/api/lab', reader), { status: 200 })
  t.match(await service.post('/api/estimates', { step: { device: 'Hotel' } }, reader), { status: 200 })
  const refused = await service.post('/api/containers', { device: 'Hotel' }, reader)
  t.match(refused, { status: 403, body: { code: 'forbidden', scope: 'operate', detail: 'The key "viewer" has the scope read. This operation needs operate.' } })
  t.equal(refused.headers['www-authenticate'], 'Bearer realm="platform-status", error="insufficient_scope", scope="operate"')
  t.match(await service.post('/api/containers', { device: 'Hotel' }, robot), { status: 201 })
  for (const [method, path, body] of [
    ['PUT', '/api/lab/config', hotel], ['DELETE', '/api/lab?confirm=wipe'], ['POST', '/api/devices', { name: 'Arm' }], ['PATCH', '/api/devices/Hotel', { type: 'hotel' }],
    ['DELETE', '/api/devices/Hotel'], ['PATCH', '/api/devices/Hotel/positions/0', { deep_well_suited: true }], ['PUT', '/api/devices/Hotel/certificate', { certificate: 'x' }],
    ['DELETE', '/api/devices/Hotel/certificate'], ['GET', '/api/keys'], ['POST', '/api/keys', { name: 'mine', scopes: ['admin'] }]
  ] as const) {
    t.match(await service.call(method, path, body, robot), { status: 403, body: { scope: 'admin' } }, `${method} ${path}`)
  }
  t.match(await service.call('HEAD', '/api/keys', undefined, robot), { status: 403 })
  t.match(await service.get('/api/keys', admin), { status: 200 })
  t.same(await eventActors(service.url), ['both', 'robot'], 'the log has who did it')
})

t.test('what is refused is refused before its body is looked at', async (t) => {
  const { service, aKey } = await aGuardedService(t)
  const reader = (await aKey({ scopes: ['read'] })).header
  const json = { 'content-type': 'application/json' }
  t.match(await service.post('/api/containers', '{"device":', json), { status: 401 })
  t.match(await service.post('/api/containers', '{"device":', { ...json, ...reader }), { status: 403 })
})

t.test('a revoked key is refused from the next request on, at every instance', async (t) => {
  const { service, admin, aKey, adminId } = await aGuardedService(t)
  const other = await aServiceOn(t, service.url)
  const { id, header } = await aKey({})
  t.match(await other.get('/api/lab', header), { status: 200 })
  t.match(await service.delete(`/api/keys/${id}`, admin), { status: 204, text: '' })
  const refused = await other.get('/api/lab', header)
  t.match(refused, { status: 401, body: { detail: /^The key "robot" was revoked at \d{4}-/ } })
  t.match(refused.headers['www-authenticate'], /error="invalid_token"/)
  const first = await service.get(`/api/keys/${id}`, admin)
  t.match(first, { body: { revoked_by: 'ada', revoked_at: String } })
  t.match(await service.delete(`/api/keys/${id}`, admin), { status: 204 }, 'repeated')
  t.same((await service.get(`/api/keys/${id}`, admin)).body, first.body, 'which changes nothing')
  t.match(await service.get('/api/keys', admin), { body: { items: [{ name: 'ada' }] } })
  t.match(await service.get('/api/keys?revoked=true', admin), { body: { items: [{ name: 'robot' }] } })
  t.match(await service.get('/api/keys?revoked=any&name=robot', admin), { body: { items: [{ id }] } })
  t.match(await service.delete(`/api/keys/${adminId}`, admin), { status: 204 })
  t.match(await service.get('/api/lab'), { status: 401 }, 'the last key gone does not open the service')
  t.match(await other.get('/api/lab'), { status: 401 })
})

t.test('an expired key is refused, and gives its name up', async (t) => {
  const { service, admin, aKey } = await aGuardedService(t)
  const { header, id } = await aKey({ expires_at: new Date(Date.now() + 600_000).toISOString() })
  t.match(await service.get('/api/lab', header), { status: 200 })
  t.match(await service.post('/api/keys', { name: 'robot', scopes: ['read'] }, admin), { status: 409, body: { code: 'key-name-in-use', id, pointer: '/name' } })
  await service.query("UPDATE api_key SET expires_at = now() - interval '1 second' WHERE id = $1", [id])
  t.match(await service.get('/api/lab', header), { status: 401, body: { detail: /^The key "robot" expired at/ } })
  t.match(await service.post('/api/keys', { name: 'robot', scopes: ['read'] }, admin), { status: 201 })
})

t.test('two that ask for one name at once get one key', async (t) => {
  const { service, admin } = await aGuardedService(t)
  const answers = await Promise.all(Array.from({ length: 6 }, () => service.post('/api/keys', { name: 'robot', scopes: ['read'] }, admin)))
  t.same(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409])
})

t.test('bad keys are refused with what is wrong', async (t) => {
  const service = await aService(t)
  for (const [body, pointer] of [
    [{ scopes: ['read'] }, '/name'], [{ name: ' x', scopes: ['read'] }, '/name'], [{ name: 'x', scopes: [] }, '/scopes'], [{ name: 'x', scopes: ['root'] }, '/scopes/0'],
    [{ name: 'x', scopes: ['read', 'read'] }, '/scopes'], [{ name: 'x', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' }, '/expires_at'],
    [{ name: 'x', scopes: ['read'], expires_at: '2030-01-01' }, '/expires_at'], [{ name: 'x', scopes: ['read'], key: 'mine' }, '/key']
  ] as const) {
    t.match(await service.post('/api/keys', body), { status: 400, body: { errors: [{ pointer }] } }, JSON.stringify(body))
  }
  t.match(await service.get('/api/keys/7'), { status: 400 })
  for (const method of ['GET', 'DELETE'] as const) {
    t.match(await service.call(method, '/api/keys/0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d'), { status: 404, body: { code: 'key-not-found', parameter: 'id' } })
  }
  t.match(await service.get('/api/lab'), { status: 200 }, 'and none was made')
})

t.test('the first key of another instance is noticed', async (t) => {
  const service = await aService(t)
  const other = await aServiceOn(t, service.url)
  t.match(await other.get('/api/lab'), { status: 200 })
  const { body } = await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  t.match(await service.get('/api/lab'), { status: 401 }, 'here at once')
  t.match(await other.get('/api/keys', bearer(body.key)), { status: 200 })
  while ((await other.get('/api/lab')).status === 200) await new Promise((resolve) => setTimeout(resolve, 50))
  t.match(await other.get('/api/lab'), { status: 401 })
})

t.test('while there are no keys, a request costs no look for them', async (t) => {
  const service = await aService(t)
  await service.get('/api/lab')
  const asked: string[] = []
  const { pool } = service.app.database
  const query = pool.query.bind(pool)
  pool.query = ((statement: { text: string }) => {
    asked.push(statement.text)
    return query(statement)
  }) as typeof pool.query
  const began = Date.now()
  for (let call = 0; call < 20; call++) await service.get('/api/containers/none')
  t.ok(asked.filter((text) => text.includes('api_key')).length <= 1 + (Date.now() - began) / 1000, 'at most one a second')
  asked.length = 0
  const { body } = await service.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  asked.length = 0
  t.match(await service.get('/api/containers/none', bearer(body.key)), { status: 404 })
  t.equal(asked.filter((text) => text.includes('api_key')).length, 1, 'and with a key one')
})

t.test('AUTH=off asks nobody', async (t) => {
  const { service } = await aGuardedService(t)
  const open = await aServiceOn(t, service.url, { AUTH: 'off' })
  t.match(await open.get('/api/lab', { host: 'lab.example' }), { status: 200 })
})

t.test('where others reach it, a service without keys lets nobody in', async (t) => {
  const service = await aService(t, { HOST: '0.0.0.0' })
  t.match(await service.get('/api/lab'), { status: 401 })
  t.match(await service.get('/health/ready'), { status: 200 })
})
