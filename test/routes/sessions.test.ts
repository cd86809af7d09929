import pg from 'pg'
import t, { type Test } from 'tap'
import { aDatabase } from '../support/database.ts'
import { ownPage, signIn } from '../support/browser-session.ts'
import { aLab, aServiceOn, type Service } from '../support/service.ts'

type Keyed = Service & { admin: Record<string, string>, make: (name: string, scope?: string, expires_at?: string) => Promise<{ id: string, key: string }> }

/** A lab with keys. */
async function aKeyedLab (t: Test, env?: Record<string, string>): Promise<Keyed> {
  const lab = await aLab(t, { Hotel: 3 }, env)
  const { body } = await lab.post('/api/keys', { name: 'ada', scopes: ['admin'] })
  const admin = { authorization: `Bearer ${body.key}` }
  return { ...lab, admin, make: async (name, scope = 'operate', expires_at) => (await lab.post('/api/keys', { name, scopes: [scope], ...expires_at === undefined ? {} : { expires_at } }, admin)).body }
}

/** Changes the database behind the back of the service, for example to let time pass. */
async function inDatabase (t: Test, { url }: Service, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.teardown(() => client.end())
  return await client.query(sql)
}

t.test('a browser signs in with a key and then needs only its cookie, which scripts and other sites cannot use', async (t) => {
  const lab = await aKeyedLab(t)
  const { key } = await lab.make('bench-tablet')
  const { answer, headers, cookie } = await signIn(lab, key)
  t.match(answer, { status: 204, text: '', headers: { 'cache-control': 'no-store' } })
  t.match(answer.headers['set-cookie'], /^platform-status=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
  t.match(await lab.get('/api/session', headers), { status: 200, body: { actor: 'bench-tablet', scopes: ['operate'], key_expires_at: null, auth: 'session' } })
  t.match(await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' }, headers), { status: 201 })
  t.match((await lab.get('/api/events?kind=added', headers)).body.items, [{ actor: 'bench-tablet' }], 'the log names the key')
  t.match(await lab.get('/api/keys', headers), { status: 403, body: { code: 'forbidden', scope: 'admin' } }, 'what the key may not, the session may not')
  t.match(await lab.get('/present', { cookie }), { status: 200 })
  const { rows } = await inDatabase(t, lab, 'SELECT id_sha256, remembered FROM session')
  t.match(rows, [{ id_sha256: /^[0-9a-f]{64}$/, remembered: false }])
  t.notOk(cookie.includes(rows[0].id_sha256), 'the table has no cookie that works')
})

t.test('who you are is told for keys, and where no key is needed', async (t) => {
  const open = await aLab(t, { Hotel: 1 })
  t.match((await open.get('/api/session')).body, { actor: null, scopes: ['admin'], key_expires_at: null, auth: 'none' })
  t.match((await open.get('/api/session', { cookie: `platform-status=${'x'.repeat(43)}` })).body, { auth: 'none' }, 'an old cookie does no harm')
  const lab = await aKeyedLab(t)
  t.match(await lab.get('/api/session'), { status: 401 })
  t.match((await lab.get('/api/session', lab.admin)).body, { actor: 'ada', scopes: ['admin'], auth: 'key' })
  const { key } = await lab.make('guest', 'read', '2999-01-01T00:00:00Z')
  t.match((await lab.get('/api/session', { authorization: `Bearer ${key}` })).body, { actor: 'guest', scopes: ['read'], key_expires_at: '2999-01-01T00:00:00.000Z' })
  const off = await aServiceOn(t, await aDatabase(t), { AUTH: 'off' })
  t.match((await off.get('/api/session')).body, { actor: null, auth: 'none' })
})

t.test('over https the cookie is secure and bound to the host', async (t) => {
  const lab = await aKeyedLab(t, { TRUST_PROXY: '127.0.0.1' })
  const { key } = await lab.make('phone')
  const https = { host: 'lab.example', origin: 'https://lab.example', 'x-forwarded-proto': 'https' }
  const { headers } = await lab.post('/api/session', { key, remember: true }, https)
  const set = String(headers['set-cookie'])
  t.match(set, /^__Host-platform-status=[\w-]{43}; Max-Age=7776000; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
  const [pair] = set.split(';')
  t.match(await lab.get('/api/session', { ...https, cookie: pair! }), { body: { actor: 'phone' } })
  t.match(await lab.get('/api/session', { ...https, cookie: pair!.replace('__Host-', '') }), { status: 401 }, 'a cookie without the prefix could be of another host')
})

t.test('a session ends on sign-out, with its key, when its time is over, and when nobody uses it', async (t) => {
  const lab = await aKeyedLab(t)
  const { key, id } = await lab.make('wall', 'read')
  const works = async (headers: Record<string, string>) => (await lab.get('/api/lab', headers)).status

  const first = await signIn(lab, key)
  t.match(await lab.delete('/api/session', first.headers), { status: 204, headers: { 'set-cookie': /^platform-status=; Max-Age=0; / } })
  t.equal(await works(first.headers), 401)
  t.equal((await lab.delete('/api/session', first.headers)).status, 204, 'also twice')
  t.match((await lab.get('/api/lab', first.headers)).body, { code: 'unauthorized', detail: /session of this browser has ended/ })

  const second = await signIn(lab, key)
  await inDatabase(t, lab, "UPDATE session SET created_at = now() - interval '13 hours', expires_at = now() - interval '1 hour'")
  t.equal(await works(second.headers), 401, 'after 12 hours')

  const third = await signIn(lab, key, { remember: true })
  await inDatabase(t, lab, "UPDATE session SET last_used_at = now() - interval '13 days'")
  t.equal(await works(third.headers), 200, 'used every two weeks')
  await inDatabase(t, lab, "UPDATE session SET last_used_at = now() - interval '15 days'")
  t.equal(await works(third.headers), 401, 'not used for two weeks')

  const fourth = await signIn(lab, key)
  await lab.delete(`/api/keys/${id}`, lab.admin)
  t.equal(await works(fourth.headers), 401, 'a revoked key')
  t.match(await signIn(lab, key), { answer: { status: 401, body: { detail: /was revoked at/ }, headers: { 'www-authenticate': /invalid_token/ } } })
})

t.test('a session lasts no longer than its key', async (t) => {
  const lab = await aKeyedLab(t)
  const { key } = await lab.make('guest', 'read', new Date(Date.now() + 3_600_000).toISOString())
  const { answer, headers } = await signIn(lab, key, { remember: true })
  const [, seconds] = /Max-Age=(\d+)/.exec(String(answer.headers['set-cookie']))!
  t.ok(Number(seconds) <= 3600, `${seconds} s`)
  await inDatabase(t, lab, "UPDATE api_key SET expires_at = now() - interval '1 second' WHERE name = 'guest'")
  t.equal((await lab.get('/api/lab', headers)).status, 401)
})

t.test('use is noted, once an hour at most', async (t) => {
  const lab = await aKeyedLab(t)
  const { headers } = await signIn(lab, (await lab.make('wall', 'read')).key, { remember: true })
  const client = new pg.Client({ connectionString: lab.url })
  await client.connect()
  t.teardown(() => client.end())
  const noted = async () => (await client.query('SELECT last_used_at FROM session')).rows[0].last_used_at.getTime() as number
  const before = await noted()
  await lab.get('/api/lab', headers)
  t.equal(await noted(), before)
  await client.query("UPDATE session SET last_used_at = now() - interval '2 hours'")
  await lab.get('/api/lab', headers)
  while (await noted() < before) await new Promise((resolve) => setTimeout(resolve, 20))
  t.ok(await noted() >= before)
})

t.test('signing in again replaces the session of the browser', async (t) => {
  const lab = await aKeyedLab(t)
  const tablet = await signIn(lab, (await lab.make('tablet')).key)
  const { key } = await lab.make('anna')
  t.equal((await lab.post('/api/session', { key }, tablet.headers)).status, 204)
  t.equal((await lab.get('/api/lab', tablet.headers)).status, 401)
})

t.test('a key that is sent counts, and not the session beside it', async (t) => {
  const lab = await aKeyedLab(t)
  const { headers } = await signIn(lab, (await lab.make('wall', 'read')).key)
  const badge = await lab.make('anna')
  t.equal((await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' }, headers)).status, 403)
  t.equal((await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' }, { ...headers, authorization: `Bearer ${badge.key}` })).status, 201)
  t.match((await lab.get('/api/events?kind=added', headers)).body.items, [{ actor: 'anna' }])
  t.equal((await lab.get('/api/lab', { ...headers, authorization: 'Bearer wrong' })).status, 401)
})

t.test('ten failed sign-ins of an address are all in a minute, over all instances, also at the same time', async (t) => {
  const lab = await aKeyedLab(t)
  const other = await aServiceOn(t, lab.url)
  const { key } = await lab.make('anna')
  const tries = await Promise.all(Array.from({ length: 16 }, async (_, n) => (await [lab, other][n % 2]!.post('/api/session', { key: `wrong ${n}` }, ownPage)).status))
  t.same(tries.sort(), [...Array.from({ length: 10 }, () => 401), ...Array.from({ length: 6 }, () => 429)])
  const refused = await other.post('/api/session', { key }, ownPage)
  t.match(refused, { status: 429, headers: { 'retry-after': /^\d+$/ }, body: { code: 'too-many-requests', limit: 10, detail: /failed in one minute/ } }, 'a right key, too')
  t.ok(Number(refused.headers['retry-after']) <= 60)
  await inDatabase(t, lab, "UPDATE sign_in_failure SET began_at = began_at - interval '1 minute'")
  t.equal((await lab.post('/api/session', { key }, ownPage)).status, 204, 'a minute later')
})

t.test('sign-ins that work are not counted', async (t) => {
  const lab = await aKeyedLab(t)
  const { key } = await lab.make('anna')
  for (let n = 0; n < 12; n++) t.equal((await lab.post('/api/session', { key }, ownPage)).status, 204)
  t.same((await inDatabase(t, lab, 'SELECT * FROM sign_in_failure')).rows, [])
})

t.test('sessions that are over are deleted by and by', async (t) => {
  const lab = await aKeyedLab(t)
  const { key } = await lab.make('anna')
  for (let n = 0; n < 3; n++) await lab.post('/api/session', { key }, ownPage)
  await inDatabase(t, lab, "UPDATE session SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day'")
  await lab.post('/api/session', { key }, ownPage)
  t.equal((await inDatabase(t, lab, 'SELECT FROM session')).rowCount, 1)
})

t.test('what is sent is checked like everywhere, and no answer repeats a key', async (t) => {
  const lab = await aKeyedLab(t)
  const { key } = await lab.make('anna')
  const bodies: unknown[] = [{}, { key: '' }, { key: 7 }, { key, remember: 'yes' }, { key, keys: [key] }, { key: [key] }, { key: 'k'.repeat(600) }, [key]]
  for (const body of bodies) {
    const answer = await lab.post('/api/session', body, ownPage)
    t.match(answer, { status: 400, body: { code: 'invalid-request' } }, JSON.stringify(body))
    t.notOk(answer.text.includes(key))
  }
  t.match(await lab.post('/api/session', undefined, ownPage), { status: 400 })
  for (const text of ['\u0000', 'ü'.repeat(40), "' OR 1=1 --"]) t.match(await lab.post('/api/session', { key: text }, ownPage), { status: /^40[01]$/ }, text)
  for (const cookie of ['platform-status=', 'platform-status=%', 'platform-status=a;platform-status=b', `platform-status=${'x'.repeat(5000)}`, ';;;=', 'platform-status']) {
    t.match(await lab.get('/api/lab', { cookie }), { status: 401 }, cookie.slice(0, 40))
  }
})
