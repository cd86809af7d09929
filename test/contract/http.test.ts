import Fastify from 'fastify'
import { connect } from 'node:net'
import t from 'tap'
import { clientError } from '../../src/plugins/client-errors.ts'
import { listening } from '../support/http.ts'
import { aService } from '../support/service.ts'

// Requests that reach no route: bytes that are not HTTP, and HTTP that the tests of routes cannot send.

const service = await aService(t)
const { port } = new URL(await listening(service))

/** Sends bytes, and returns what the service sends until it closes the connection. */
async function raw (text: string, to = port): Promise<{ status: number, headers: Record<string, string>, body: any }> {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(to), '127.0.0.1', () => socket.write(text, 'latin1'))
    let received = ''
    socket.on('data', (chunk) => { received += chunk.toString() })
    socket.on('close', () => resolve(received))
    socket.on('error', (error) => received === '' ? reject(error) : resolve(received))
  })
  const [head, body] = answer.split('\r\n\r\n') as [string, string]
  const [first, ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]))
  return { status: Number(first!.split(' ')[1]), headers, body: body === '' ? null : JSON.parse(body) }
}

const problem = { 'content-type': 'application/problem+json' }

t.test('what is no HTTP is told so, as a problem', async (t) => {
  t.match(await raw('hello\r\n\r\n'), { status: 400, headers: problem, body: { code: 'invalid-request', title: 'Invalid request', request_id: String } })
  t.match(await raw('FETCH /api/lab HTTP/1.1\r\nHost: localhost\r\n\r\n'), { status: 400, headers: problem, body: { code: 'invalid-request', detail: /method/ } })
  t.match(await raw('POST /api/moves HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n'), { status: 400, headers: problem })
})

t.test('a head that is too large is told so, as a problem', async (t) => {
  t.match(await raw(`GET /api/lab HTTP/1.1\r\nHost: localhost\r\nX-Much: ${'x'.repeat(20_000)}\r\n\r\n`), { status: 431, headers: problem, body: { code: 'headers-too-large' } })
  t.match(await raw(`GET /api/containers?name=${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`), { status: 431, headers: problem })
})

t.test('a head that does not come is told so, as a problem', async (t) => {
  const hasty = Fastify({ clientErrorHandler: clientError, http: { headersTimeout: 50, connectionsCheckingInterval: 20 } })
  t.teardown(() => hasty.close())
  const address = new URL(await hasty.listen({ host: '127.0.0.1', port: 0 }))
  t.match(await raw('GET /api/lab HTTP/1.1\r\nHost:', address.port), { status: 408, headers: problem, body: { code: 'request-timeout' } })
})

t.test('bytes in a URL that are no UTF-8 are a 400, escaped or not', async (t) => {
  t.match(await raw('GET /api/containers/\xff\xfe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), { status: 400, body: { code: 'invalid-request' } })
  t.match(await raw('GET /api/containers/%ff%fe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), { status: 400, body: { code: 'invalid-request' } })
  t.match(await raw('GET /api/containers?name=%ff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), { status: 400, body: { errors: [{ parameter: 'name' }] } })
})

t.test('methods that no route has are a 405 with what there is', async (t) => {
  for (const method of ['TRACE', 'OPTIONS', 'PROPFIND', 'MKCOL']) {
    t.match(await raw(`${method} /api/lab HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`), { status: 405, headers: { ...problem, allow: 'GET, HEAD, DELETE' } }, method)
  }
})

t.test('a 405 names the methods of the path itself, not those of a path with a parameter in its place', async (t) => {
  for (const [path, allow] of [['/api/steps/batch', 'POST'], ['/api/steps/statistics', 'GET, HEAD'], ['/api/steps/01', 'GET, HEAD, PATCH']] as const) {
    t.match(await raw(`OPTIONS ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), { status: 405, headers: { allow } }, path)
  }
})

t.test('a name in the place of an id is a path of its own: a wrong method is told before a body, and before what an id must be', async (t) => {
  for (const [request, allow] of [['GET /api/steps/batch', 'POST'], ['PATCH /api/steps/batch', 'POST'], ['PATCH /api/steps/statistics?x=1', 'GET, HEAD']] as const) {
    t.match(await raw(`${request} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`), { status: 405, headers: { allow } }, request)
  }
  await service.post('/api/devices', { name: 'Hotel', capacity: 1 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'batch' })
  t.match(await service.get('/api/containers/batch'), { status: 200, body: { barcode: 'batch' } })
})

t.test('a body that breaks off is no request', async (t) => {
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.write('POST /api/containers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"device":', () => resolve()))
  await new Promise<void>((resolve) => { socket.on('close', () => resolve()); socket.destroy() })
  t.match(await service.get('/health/ready'), { status: 200 })
})
