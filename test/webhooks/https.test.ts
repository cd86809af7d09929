import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { aDatabase } from '../support/database.ts'
import { shell } from '../support/curl-session.ts'
import { aProcess } from '../support/spawned.ts'

const withoutOpenssl = await shell('openssl version').then(() => false as const, () => 'openssl is needed')

/** A receiver with a certificate that it has signed itself, for `localhost`. */
async function aReceiverOverHttps (t: Test): Promise<{ url: string, certificate: string, received: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'platform-status-https-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate
  ], { stdio: 'ignore' })
  const received: string[] = []
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    received.push(String(request.headers['webhook-id']))
    request.resume()
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => { server.listen(0, 'localhost', resolve) })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `https://localhost:${(server.address() as AddressInfo).port}/hook`, certificate, received }
}

/** Sends a test message from a service that is started with these variables. Returns what came of it. */
async function attempt (t: Test, url: string, env: Record<string, string>): Promise<Record<string, unknown>> {
  const service = aProcess(t, { DATABASE_URL: await aDatabase(t), HOST: '127.0.0.1', ...env })
  const address = await service.ready()
  const call = async (path: string, body?: object): Promise<any> => await (await fetch(`${address}${path}`, body === undefined
    ? {}
    : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json()
  const { id } = await call('/api/webhooks', { url })
  await call(`/api/webhooks/${id}/test`, {})
  for (;;) {
    const { items } = await call(`/api/webhooks/${id}/attempts`)
    if (items.length > 0) return items[0]
    await sleep(100)
  }
}

t.test('a receiver whose certificate nobody trusts gets nothing, and one that NODE_EXTRA_CA_CERTS names gets its messages', { skip: withoutOpenssl }, async (t) => {
  const { url, certificate, received } = await aReceiverOverHttps(t)
  t.match(await attempt(t, url, {}), { delivered: false, status: null, error: 'The receiver could not be reached (DEPTH_ZERO_SELF_SIGNED_CERT).' })
  t.same(received, [])
  t.match(await attempt(t, url, { NODE_EXTRA_CA_CERTS: certificate }), { delivered: true, status: 204, error: null })
  t.match(received, [/^test\./])
})

t.test('a certificate for another name is not accepted', { skip: withoutOpenssl }, async (t) => {
  const { url, certificate, received } = await aReceiverOverHttps(t)
  t.match(await attempt(t, url.replace('localhost', '127.0.0.1'), { NODE_EXTRA_CA_CERTS: certificate }), { delivered: false, status: null })
  t.same(received, [])
})
