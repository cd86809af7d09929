import { randomUUID } from 'node:crypto'
import t from 'tap'
import { rows } from '../support/log.ts'
import { aLab, aService } from '../support/service.ts'

const url = 'https://hooks.lab.example/platform-status'

t.test('a webhook is created, read, changed, switched off and on, and deleted', async (t) => {
  const service = await aLab(t, { Hotel: 3 })
  const made = await service.post('/api/webhooks', { url, kinds: ['step-lost', 'step-alarm'], device: 'Hotel', description: 'wakes who is on call' })
  t.match(made, {
    status: 201, headers: { location: `/api/webhooks/${made.body.id}`, 'cache-control': 'no-store' },
    body: { url, kinds: ['step-alarm', 'step-lost'], device: 'Hotel', description: 'wakes who is on call', delivered_revision: 1, revisions_behind: 0, version: 1, secret: /^whsec_/ }
  })
  const { secret, ...webhook } = made.body
  t.equal(Buffer.from(secret.slice(6), 'base64').length, 32)
  const path = `/api/webhooks/${webhook.id}`
  t.same((await service.get(path)).body, webhook)
  t.same((await service.get('/api/webhooks?count=true')).body, { items: [webhook], next_cursor: null, total: 1 })
  t.match(await service.patch(path, { kinds: null, device: null, description: null, url: 'http://10.0.0.7:8080/x' }), { status: 200, body: { kinds: null, device: null, description: null, url: 'http://10.0.0.7:8080/x', version: 2 } })
  t.match(await service.patch(path, { kinds: null }), { status: 200, body: { version: 2 } }, 'the same again changes nothing')
  t.match(await service.patch(path, { disabled: true }), { status: 200, body: { disabled_at: String, disabled_because: 'requested', version: 3 } })
  t.match(await service.patch(path, { disabled: true }), { status: 200, body: { version: 3 } })
  t.match(await service.patch(path, { disabled: false }), { status: 200, headers: { 'lab-revision': 3 }, body: { disabled_at: null, disabled_because: null, version: 4 } })
  t.match((await service.get('/api/events?after=1')).body.items, [
    { kind: 'webhook-disabled', before: { disabled_at: null }, after: { id: webhook.id, origin: 'http://10.0.0.7:8080', disabled_because: 'requested' } }, { kind: 'webhook-enabled' }
  ])
  t.match(await service.delete(path), { status: 204 })
  for (const answer of [
    await service.delete(path), await service.get(path), await service.patch(path, { disabled: true }), await service.post(`${path}/rotate`), await service.post(`${path}/test`),
    await service.post(`${path}/redeliver`, {}), await service.get(`${path}/attempts`)
  ]) t.match(answer, { status: 404, body: { code: 'webhook-not-found', webhook_id: webhook.id, parameter: 'id' } })
})

t.test('a target that is refused is told why, and what to send instead', async (t) => {
  const service = await aService(t)
  const known = await service.post('/api/webhooks', { url })
  for (const [target, says] of [
    ['', /characters/], ['hooks.lab.example', /complete URL/], ['/hook', /complete URL/], ['https://', /complete URL/], ['http://a b/', /complete URL/], ['http://lab.example/\n', /complete URL/],
    ['ftp://hooks.lab.example/', /https:\/\/ or http:\/\//], ['file:///etc/passwd', /https:\/\/ or http:\/\//], ['javascript:alert(1)', /https:\/\/ or http:\/\//],
    ['https://user:password@hooks.lab.example/', /must not contain a user or a password/], ['https://user@hooks.lab.example/', /must not contain a user or a password/],
    ['https://hooks.lab.example/#x', /fragment/], ['https://hooks.lab.example/#', /fragment/],
    ['http://169.254.169.254/latest/meta-data', /must not be 169\.254\.169\.254.*link-local/], ['http://2852039166/', /169\.254\.169\.254/], ['http://0xa9.0xfe.0xa9.0xfe/', /169\.254\.169\.254/],
    ['http://[fe80::1]/', /must not be fe80::1/], ['http://[::ffff:169.254.169.254]/', /link-local/], ['http://[64:ff9b::169.254.169.254]/', /link-local/], ['http://[fd00:ec2::254]/', /link-local/],
    ['http://0.0.0.0/', /0\.0\.0\.0/], ['http://[::]/', /must not be ::/], ['http://224.0.0.1/', /multicast/], ['http://255.255.255.255/', /multicast/], ['http://100.100.100.200/', /metadata/]
  ] as const) {
    const answers = [await service.post('/api/webhooks', { url: target }), await service.patch(`/api/webhooks/${known.body.id}`, { url: target })]
    for (const answer of answers) t.match(answer, { status: 400, body: { code: 'invalid-request', errors: [{ pointer: '/url', detail: says }] } }, target)
  }
  for (const target of ['http://127.0.0.1:9000/x', 'http://192.168.1.5/', 'http://[fd12:3456::1]/', 'https://hooks.lab.example/?token=1', 'http://lab.example:8080']) {
    t.match(await service.post('/api/webhooks', { url: target }), { status: 201 }, target)
  }
  await t.rejects(rows(service, "UPDATE webhook SET url = 'https://user:password@lab.example/'"), /webhook_url_is_http/, 'the database refuses it, too')
})

t.test('what else is refused', async (t) => {
  const service = await aService(t)
  t.match(await service.post('/api/webhooks', { url, kinds: ['exploded'] }), { status: 400, body: { errors: [{ pointer: '/kinds/0' }] } })
  t.match(await service.post('/api/webhooks', { url, kinds: ['moved', 'added', 'moved'] }), { status: 400, body: { errors: [{ pointer: '/kinds', detail: 'must not have the same item twice, as items 0 and 2 are' }] } })
  t.match(await service.post('/api/webhooks', { url, kinds: [] }), { status: 400, body: { errors: [{ pointer: '/kinds' }] } })
  t.match(await service.post('/api/webhooks', { url, device: 'Hotel' }), { status: 404, body: { code: 'device-not-found', pointer: '/device' } })
  t.match(await service.post('/api/webhooks', { url, secret: 'mine' }), { status: 400, body: { errors: [{ pointer: '/secret' }] } })
  const { body: { id } } = await service.post('/api/webhooks', { url })
  t.match(await service.patch(`/api/webhooks/${id}`, {}), { status: 400 })
  t.match(await service.patch(`/api/webhooks/${id}`, { device: 'Hotel' }), { status: 404, body: { code: 'device-not-found' } })
})

t.test('a retry with the id of a webhook says what to do, and there is a limit', async (t) => {
  const service = await aService(t)
  const id = randomUUID()
  t.match(await service.post('/api/webhooks', { id, url }), { status: 201, body: { id } })
  t.match(await service.post('/api/webhooks', { id, url }), { status: 409, body: { code: 'id-in-use', pointer: '/id', detail: /\/rotate\. Otherwise/ } })
  await rows(service, "INSERT INTO webhook (id, url, secret, cursor_revision) SELECT gen_random_uuid(), 'http://lab.example', 'whsec_' || repeat('A', 43) || '=', 1 FROM generate_series(1, 99)")
  t.match(await service.post('/api/webhooks', { url }), { status: 409, body: { code: 'too-many-webhooks', limit: 100 } })
})

t.test('a dry run changes nothing and shows no secret', async (t) => {
  const service = await aService(t)
  t.match(await service.post('/api/webhooks?dry_run=true', { url }), { status: 201, body: { url, secret: null } })
  t.same((await service.get('/api/webhooks')).body.items, [])
  t.match(await service.post('/api/webhooks?dry_run=true', { url: 'ftp://x' }), { status: 400 })
})

t.test('an ETag, If-Match and Idempotency-Key work as elsewhere', async (t) => {
  const service = await aService(t)
  const { body: { id } } = await service.post('/api/webhooks', { url })
  const path = `/api/webhooks/${id}`
  const { headers: { etag } } = await service.get(path)
  t.match(await service.get(path, { 'if-none-match': String(etag) }), { status: 304 })
  const change = async (headers: Record<string, string>) => await service.patch(path, { description: 'new' }, headers)
  t.match(await change({ 'if-match': '"7"' }), { status: 412, body: { code: 'precondition-failed', version: 1 } })
  t.match(await change({ 'if-match': String(etag), 'idempotency-key': 'a' }), { status: 200, body: { version: 2 } })
  t.match(await change({ 'if-match': String(etag), 'idempotency-key': 'a' }), { status: 200, headers: { 'idempotency-replayed': 'true' } })
  const one = await service.post(`${path}/test`, undefined, { 'idempotency-key': 'b' })
  t.same((await service.post(`${path}/test`, undefined, { 'idempotency-key': 'b' })).body, one.body)
})
