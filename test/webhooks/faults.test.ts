import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { restoreBackup } from '../../src/backup/restore.ts'
import { takeBackup } from '../../src/backup/take.ts'
import { type ResolveName, sendMessage } from '../../src/webhooks/send.ts'
import { aFolder, anEmptyDatabase, migrations } from '../support/backups.ts'
import { aDatabase } from '../support/database.ts'
import { rows } from '../support/log.ts'
import { aLog } from '../support/logged.ts'
import { aReceiver } from '../support/receiver.ts'
import { aLab, aService, aServiceOn } from '../support/service.ts'
import { aProcess } from '../support/spawned.ts'

t.test('the service is killed between a delivery and its booking: the message comes again, with the same id, and none is lost', async (t) => {
  const url = await aDatabase(t)
  const service = await aServiceOn(t, url)
  const receiver = await aReceiver(t)
  await service.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 10 } } } })
  await service.post('/api/webhooks', { url: receiver.url })
  const first = aProcess(t, { DATABASE_URL: url, LOG_LEVEL: 'error' })
  await first.ready()
  receiver.answer = (response) => {
    first.signal('SIGKILL')
    void first.ended.then(() => response.writeHead(204).end())
  }
  for (let n = 0; n < 3; n++) await service.post('/api/containers', { device: 'Hotel' })
  await first.ended
  t.equal(receiver.messages.length, 1)
  receiver.answer = (response) => response.writeHead(204).end()
  await rows(service, 'UPDATE webhook SET leased_until = now()')
  const second = aProcess(t, { DATABASE_URL: url, LOG_LEVEL: 'error' })
  await second.ready()
  await receiver.until(4)
  t.same(receiver.messages.map(({ data }) => data.revision), [2, 2, 3, 4])
  t.equal(receiver.messages[1]!.id, receiver.messages[0]!.id)
  second.signal('SIGTERM')
  t.match(await second.ended, { code: 0 })
})

t.test('a delivery that cannot be booked comes again at the next look, with the same id', async (t) => {
  const service = await aLab(t, { Hotel: 10 })
  const receiver = await aReceiver(t)
  await service.post('/api/webhooks', { url: receiver.url })
  await service.post('/api/containers', { device: 'Hotel' })
  receiver.answer = (response) => { void rows(service, 'ALTER FUNCTION book_webhook_attempt RENAME TO out_of_the_way').then(() => response.writeHead(204).end()) }
  await service.app.deliveries.deliverNow()
  await rows(service, 'ALTER FUNCTION out_of_the_way RENAME TO book_webhook_attempt')
  receiver.answer = (response) => response.writeHead(204).end()
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 2)
  t.equal(receiver.messages[1]!.id, receiver.messages[0]!.id)
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 2)
})

t.test('a connection to the database that is lost while a receiver answers is replaced, and the delivery is booked', async (t) => {
  const service = await aLab(t, { Hotel: 10 })
  const receiver = await aReceiver(t)
  const { body: { id } } = await service.post('/api/webhooks', { url: receiver.url })
  await service.post('/api/containers', { device: 'Hotel' })
  receiver.answer = (response) => {
    void rows(service, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'platform-status webhooks'")
      // the process has to see that the connection ended; otherwise the delivery could not be booked and would come again
      .then(async () => await sleep(200)).then(() => response.writeHead(204).end())
  }
  await service.app.deliveries.deliverNow()
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 1)
  t.match((await service.get(`/api/webhooks/${id}`)).body, { revisions_behind: 0 })
})

t.test('after a restore nothing is sent until somebody switches the webhook on, and then nothing of before', async (t) => {
  const service = await aLab(t, { Hotel: 10 })
  const receiver = await aReceiver(t)
  const { body: { id, secret } } = await service.post('/api/webhooks', { url: receiver.url })
  await service.post('/api/containers', { device: 'Hotel' })
  const file = join(await aFolder(t), 'lab.backup.gz')
  await takeBackup({ url: service.url, file, overwrite: false })
  await service.app.deliveries.deliverNow()
  const url = await anEmptyDatabase(t)
  await restoreBackup({ url, file, migrations, replace: false })
  const restored = await aServiceOn(t, url)
  t.match((await restored.get(`/api/webhooks/${id}`)).body, { disabled_because: 'restored', disabled_at: String, revisions_behind: 0 })
  await restored.post('/api/containers', { device: 'Hotel' })
  await restored.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 1)
  await restored.patch(`/api/webhooks/${id}`, { disabled: false })
  await restored.app.deliveries.deliverNow()
  t.same(receiver.verified(secret).map(({ data }) => data.revision), [2, 3], 'the secret is that of the backup')
  t.not(receiver.messages[1]!.id.split('.')[0], receiver.messages[0]!.id.split('.')[0], 'it is another log, so the id is another one')
})

t.test('the address is judged when the connection is made, also if a name leads to several', async (t) => {
  const receiver = await aReceiver(t)
  const send = async (addresses: readonly [string, 4 | 6][], host = 'hooks.lab.example') => {
    const resolveName: ResolveName = (_name, _options, callback) => callback(null, addresses.map(([address, family]) => ({ address, family })))
    const url = receiver.url.replace('127.0.0.1', host)
    return await sendMessage(url, { headers: { 'webhook-id': 'x' }, body: '{}', timeoutMs: 2000, stop: new AbortController().signal }, resolveName)
  }
  t.match(await send([['127.0.0.1', 4]]), { status: 204, error: null })
  for (const [address, family] of [['169.254.169.254', 4], ['fe80::1', 6], ['::ffff:169.254.169.254', 6], ['fd00:ec2::254', 6], ['0.0.0.0', 4]] as const) {
    t.match(await send([[address, family]]), { status: null, error: `The address ${address} is not allowed: messages are never sent to link-local, multicast and metadata addresses.` })
    t.match(await send([['127.0.0.1', 4], [address, family]]), { status: null, error: /is not allowed/ })
  }
  t.match(await send([], '169.254.169.254'), { error: /169\.254\.169\.254 is not allowed/ }, 'a literal address is not resolved')
  t.equal(receiver.messages.length, 1)
})

t.test('whatever a receiver sends, the attempt ends', async (t) => {
  const repeated = (socket: Socket, text: string): void => {
    const timer = setInterval(() => socket.write(text), 5)
    socket.on('close', () => clearInterval(timer))
  }
  const answers: Record<string, { send: (socket: Socket) => unknown, status: number | null, error: RegExp | null }> = {
    'another protocol': { send: (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'), status: 101, error: /answered 101/ },
    'early hints without an end': { send: (socket) => repeated(socket, 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'), status: null, error: /within 0\.3 seconds/ },
    'headers without an end': { send: (socket) => { socket.write('HTTP/1.1 200 OK\r\nX-A: '); repeated(socket, 'a') }, status: null, error: /within 0\.3 seconds/ },
    'large headers': { send: (socket) => socket.write(`HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(30_000)}\r\n\r\n`), status: null, error: /HPE_HEADER_OVERFLOW/ },
    'no HTTP': { send: (socket) => socket.write('SSH-2.0-OpenSSH\r\n'), status: null, error: /HPE_/ },
    nothing: { send: (socket) => socket.end(), status: null, error: /ECONNRESET/ },
    'a body without an end': { send: (socket) => { socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'); repeated(socket, '3\r\nabc\r\n') }, status: 200, error: null }
  }
  for (const [name, { send, status, error }] of Object.entries(answers)) {
    const server = createServer((socket) => { socket.on('error', () => {}).once('data', () => send(socket)) }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const sent = await sendMessage(url, { headers: {}, body: '{}', timeoutMs: 300, stop: new AbortController().signal })
    t.equal(sent.status, status, name)
    if (error === null) t.equal(sent.error, null, name)
    else t.match(sent.error, error, name)
    server.close()
  }
})

t.test('the log tells of a failure once, of being switched off, and never a URL or a secret', async (t) => {
  const { log, lines } = aLog()
  const service = await aServiceOn(t, (await aService(t)).url, {}, undefined, { log })
  const receiver = await aReceiver(t)
  await service.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 10 } } } })
  const { body: { id } } = await service.post('/api/webhooks', { url: `${receiver.url}/hidden-token` })
  receiver.answer = (response) => response.writeHead(500).end()
  await service.post('/api/containers', { device: 'Hotel' })
  for (let n = 0; n < 8; n++) {
    await rows(service, 'UPDATE webhook SET due_at = now()')
    await service.app.deliveries.deliverNow()
  }
  const told = lines.filter(({ webhook }) => webhook !== undefined)
  t.match(told, [
    { msg: 'webhook was not delivered, will retry', webhook: id, status: 500, reason: 'The receiver answered 500.' }, { msg: 'webhook was switched off', webhook: id }
  ])
  t.notMatch(JSON.stringify(lines), /hidden-token|whsec_/)
})
