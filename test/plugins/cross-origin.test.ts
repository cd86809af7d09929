import t, { type Test } from 'tap'
import { signIn } from '../support/browser-session.ts'
import { aLab, aService, type Service } from '../support/service.ts'

const key = 'k'.repeat(40)
const ownPage = { host: 'localhost:8000', origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' }
const foreign: Record<string, Record<string, string>> = {
  'a page of another host': { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
  'a page of another port of this machine': { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' },
  'a page of the same host under another name': { origin: 'http://127.0.0.1:8000' },
  'a page with another scheme': { origin: 'https://localhost:8000' },
  'a page without an origin, such as a file': { origin: 'null' },
  'an image or a link on another page': { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  'a page of a sibling host': { 'sec-fetch-site': 'same-site' },
  'a page with a made-up key': { origin: 'https://elsewhere.example', authorization: 'Bearer made-up' }
}
/** Browsers send the first two without asking the service beforehand. */
const calls: ReadonlyArray<readonly ['GET' | 'POST' | 'DELETE' | 'PUT', string]> = [
  ['POST', '/api/containers/P1/lid'], ['GET', '/api/lab'], ['GET', '/api/containers/P1'], ['DELETE', '/api/lab?confirm=wipe'], ['PUT', '/api/lab/config']
]

async function aKeyedService (t: Test, env: Record<string, string> = {}): Promise<Service> {
  const service = await aService(t, env)
  await service.app.store.keys.createFirst(key)
  return service
}

async function refuses (t: Test, service: Service, headers: Record<string, string>, what: string): Promise<void> {
  for (const [method, path] of calls) {
    const answer = await service.call(method, path, undefined, { host: 'localhost:8000', ...headers })
    t.match(answer, { status: 403, body: { code: 'cross-origin-request' } }, `${method} ${path} of ${what}`)
  }
}

t.test('without keys, no page of another origin can read or change anything', async (t) => {
  const service = await aService(t)
  for (const [what, headers] of Object.entries(foreign)) await refuses(t, service, headers, what)
  t.match((await service.get('/api/lab', { host: 'localhost:8000', origin: 'https://elsewhere.example' })).body, { origin: 'https://elsewhere.example', detail: /CORS_ORIGINS/ })
})

t.test('the path may be written in another way', async (t) => {
  const service = await aService(t)
  for (const path of ['/%61pi/lab', '/api/l%61b']) t.equal((await service.get(path, { origin: 'https://elsewhere.example' })).status, 403, path)
})

t.test('pages of the service itself, programs and typed addresses are served', async (t) => {
  const service = await aService(t)
  for (const headers of [ownPage, { host: 'localhost:8000' }, { host: 'localhost:8000', 'sec-fetch-site': 'none' }, { host: '[::1]:8000', origin: 'http://[::1]:8000' }]) {
    t.equal((await service.get('/api/lab', headers)).status, 200, JSON.stringify(headers))
  }
  const foreignLink = { host: 'localhost:8000', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  for (const path of ['/health/live', '/openapi.json', '/asyncapi.json', '/docs/']) t.equal((await service.get(path, foreignLink)).status, 200, `${path} can be linked to`)
})

t.test('AUTH=off changes nothing about pages of other origins', async (t) => {
  const service = await aService(t, { AUTH: 'off' })
  for (const [what, headers] of Object.entries(foreign)) await refuses(t, service, headers, what)
  t.equal((await service.get('/api/lab', ownPage)).status, 200)
})

t.test('with keys, a page of another origin needs a key like everybody', async (t) => {
  const service = await aKeyedService(t)
  await refuses(t, service, { origin: 'https://elsewhere.example' }, 'a page without a key')
  await refuses(t, service, { 'sec-fetch-site': 'cross-site' }, 'an image')
  t.equal((await service.get('/api/lab', { origin: 'https://elsewhere.example', authorization: `Bearer ${key}` })).status, 200, 'a browser sends a key only when CORS allows it')
  t.equal((await service.get('/api/lab', { origin: 'https://elsewhere.example', authorization: 'Bearer made-up' })).status, 401)
})

t.test('CORS_ORIGINS lists the origins whose pages are treated like other clients', async (t) => {
  const listed = { origin: 'https://ui.example', 'sec-fetch-site': 'cross-site' }
  const keyed = await aKeyedService(t, { CORS_ORIGINS: 'https://ui.example' })
  t.match(await keyed.get('/api/lab', listed), { status: 401, headers: { 'access-control-allow-origin': 'https://ui.example' } }, 'it still needs a key')
  t.match(await keyed.get('/api/lab', { ...listed, authorization: `Bearer ${key}` }), { status: 200, headers: { 'access-control-allow-origin': 'https://ui.example' } })
  await refuses(t, keyed, { origin: 'https://elsewhere.example' }, 'a page that is not listed')
  const open = await aService(t, { CORS_ORIGINS: 'https://ui.example', AUTH: 'off' })
  t.equal((await open.get('/api/lab', listed)).status, 200, 'AUTH=off needs no key')
  await refuses(t, open, { origin: 'https://elsewhere.example' }, 'a page that is not listed')
  const every = await aService(t, { CORS_ORIGINS: '*', AUTH: 'off' })
  for (const [what, headers] of Object.entries(foreign)) t.equal((await every.get('/api/lab', { host: 'localhost:8000', ...headers })).status, 200, what)
})

/** Writes of a browser that signed in, and who sends them. */
const withSession: Record<string, [headers: Record<string, string>, allowed: boolean]> = {
  'a page of the service over https': [{ origin: 'https://localhost:8000', 'sec-fetch-site': 'same-origin' }, true],
  'a page of the service over plain http': [{ origin: 'http://localhost:8000' }, true],
  'a page of another port of this host': [{ origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, false],
  'a page of another port of this host, over plain http': [{ origin: 'http://localhost:3000' }, false],
  'a page of a sibling host that names the right origin': [{ origin: 'http://localhost:8000', 'sec-fetch-site': 'same-site' }, false],
  'a page of another site': [{ origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }, false],
  'a page without an origin': [{ origin: 'null' }, false],
  'an address that was typed': [{ 'sec-fetch-site': 'none' }, false],
  'somebody who does not say it': [{}, false]
}

t.test('with a session, only pages of the service can write, by every method, also where a key of this scope would only read', async (t) => {
  const lab = await aLab(t, { Hotel: 9 }, { CORS_ORIGINS: 'https://ui.example' })
  await lab.app.store.keys.createFirst(key)
  const { cookie } = await signIn(lab, key)
  const writes: ReadonlyArray<readonly ['POST' | 'PATCH' | 'DELETE' | 'PUT', string, object?]> = [
    ['POST', '/api/containers', { device: 'Hotel' }], ['PATCH', '/api/containers/P9', { content: 'x' }], ['DELETE', '/api/containers/P9'], ['PUT', '/api/lab/config?dry_run=true', {}],
    ['POST', '/api/containers/lookup', { barcodes: ['P1'] }], ['DELETE', '/api/session'], ['POST', '/api/session', { key: 'wrong' }]
  ]
  for (const [who, [headers, allowed]] of Object.entries(withSession)) {
    for (const [method, path, body] of writes.filter(([, path]) => !allowed || path !== '/api/session')) {
      const { status, body: answer } = await lab.call(method, path, body, { host: 'localhost:8000', cookie, ...headers })
      t.equal(answer?.code === 'cross-origin-request', !allowed, `${method} ${path} of ${who}: ${status}`)
    }
  }
  t.equal((await lab.post('/api/containers', { device: 'Hotel' }, { host: 'localhost:8000', cookie, origin: 'https://ui.example', 'sec-fetch-site': 'cross-site' })).status, 201, 'CORS_ORIGINS names it')
  t.equal((await lab.get('/api/lab', { host: 'localhost:8000', cookie })).status, 200, 'reads need not say it')
  t.equal((await lab.get('/api/lab', { host: 'localhost:8000', cookie, origin: 'http://localhost:3000' })).status, 403, 'but no other page can read')
  t.equal((await lab.post('/api/containers', { device: 'Hotel' }, { cookie, authorization: `Bearer ${key}` })).status, 201, 'a key is not sent by itself')
})

t.test('CORS_ORIGINS=* does not let every page write with the session of a browser', async (t) => {
  const lab = await aLab(t, { Hotel: 3 }, { CORS_ORIGINS: '*', AUTH: 'on' })
  await lab.app.store.keys.createFirst(key)
  const { headers } = await signIn(lab, key)
  t.equal((await lab.post('/api/containers', { device: 'Hotel' }, { ...headers, origin: 'http://localhost:3000' })).status, 403)
  t.equal((await lab.post('/api/containers', { device: 'Hotel' }, headers)).status, 201)
})

t.test('no other page can sign somebody in', async (t) => {
  const service = await aKeyedService(t)
  for (const headers of [{ origin: 'https://elsewhere.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }]) {
    t.match(await service.post('/api/session', { key }, { host: 'localhost:8000', ...headers }), { status: 403, body: { code: 'cross-origin-request' } })
  }
  t.match(await service.post('/api/session', { key }), { status: 204 }, 'a program may')
})

t.test('behind a proxy with TLS that TRUST_PROXY does not name, pages of the service still work', async (t) => {
  const service = await aService(t)
  t.equal((await service.post('/api/containers/lookup', { barcodes: ['P1'] }, { host: 'localhost:8000', origin: 'https://localhost:8000', 'sec-fetch-site': 'same-origin' })).status, 200)
})
