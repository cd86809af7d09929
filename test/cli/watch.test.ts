import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sql } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLab, type Service } from '../support/service.ts'

async function aLabWithPlate (t: Parameters<typeof aLab>[0]): Promise<Service> {
  const service = await aLab(t, { Hotel: 3, Washer: 1 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  return service
}

t.test('watch prints a line for each change, or the frames as JSON lines', async (t) => {
  const { platformStatus } = await aCommandLine(await aLabWithPlate(t))
  t.match(await platformStatus('watch', '--after', '1', '--count', '2'), { code: 0, err: '', out: /^2 {2}\S+ {2}added {2}P1 {2}- > Hotel 0\n3 {2}\S+ {2}moved {2}P1 {2}Hotel 0 > Washer 0\n$/ })
  const { out } = await platformStatus('watch', '--after', '0', '--device', 'Washer', '--kind', 'moved', '--count', '1', '--json')
  t.match(out.trim().split('\n').map((line) => JSON.parse(line)), [{ revision: 3, events: [{ kind: 'moved' }] }])
})

t.test('it connects again when the connection is lost, and goes on where it was', async (t) => {
  const service = await aLabWithPlate(t)
  const { platformStatus } = await aCommandLine(service)
  const watching = platformStatus('watch', '--count', '2')
  while (service.app.feed.streams === 0) await sleep(20)
  await service.post('/api/containers/P1/move', { target_device: 'Hotel' })
  await sleep(300)
  service.app.server.closeAllConnections()
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  t.match(await watching, { code: 0, err: 'The connection is lost. Connecting again.\n', out: /^4 .*Washer 0 > Hotel 0\n5 .*Hotel 0 > Washer 0\n$/ })
})

t.test('a backup that was restored meanwhile is told, and its revisions are not shown as if they followed', async (t) => {
  const service = await aLabWithPlate(t)
  const { platformStatus } = await aCommandLine(service)
  const watching = platformStatus('watch', '--count', '1')
  while (service.app.feed.streams === 0) await sleep(20)
  await sleep(300)
  service.app.server.closeAllConnections()
  await sql(service.url, 'UPDATE lab SET log_id = gen_random_uuid()')
  await service.post('/api/containers/P1/move', { target_device: 'Hotel' })
  while (service.app.feed.streams === 0) await sleep(20)
  await sleep(300)
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  t.match(await watching, { code: 0, out: /^5 [^\n]*\n$/,
    err: 'The connection is lost. Connecting again.\nThe log was replaced by a backup. Going on from its newest revision.\n' })
})

t.test('a log that is replaced while the stream is open is told once, and what follows is shown also when the connection is lost then', async (t) => {
  const service = await aLabWithPlate(t)
  const { platformStatus } = await aCommandLine(service)
  const watching = platformStatus('watch', '--count', '2')
  while (service.app.feed.streams === 0) await sleep(20)
  await sql(service.url, 'UPDATE lab SET log_id = gen_random_uuid()')
  await sleep(500)
  service.app.server.closeAllConnections()
  await service.post('/api/containers/P1/move', { target_device: 'Hotel' })
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  t.match(await watching, { code: 0, out: /^4 [^\n]*\n5 [^\n]*\n$/,
    err: 'The log was replaced by a backup. Going on from its newest revision.\nThe connection is lost. Connecting again.\n' })
})

t.test('a backup that is shorter than what was shown is told once', async (t) => {
  const service = await aLabWithPlate(t)
  const { platformStatus } = await aCommandLine(service)
  const watching = platformStatus('watch', '--count', '2')
  while (service.app.feed.streams === 0) await sleep(20)
  await service.post('/api/containers/P1/move', { target_device: 'Hotel' })
  await sleep(500)
  service.app.server.closeAllConnections()
  await sql(service.url, 'DELETE FROM event_device WHERE revision > 2; DELETE FROM event_log WHERE revision > 2; UPDATE lab SET log_id = gen_random_uuid(), revision = 2')
  while (service.app.feed.streams === 0) await sleep(20)
  await sleep(300)
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  t.match(await watching, { code: 0, out: /^4 [^\n]*\n3 [^\n]*\n$/,
    err: 'The connection is lost. Connecting again.\nThe log was replaced by a backup. Going on from its newest revision.\n' })
})

t.test('a revision beyond the log is told with where the log ends, and no backup is suspected', async (t) => {
  const service = await aLabWithPlate(t)
  const { platformStatus } = await aCommandLine(service)
  const watching = platformStatus('watch', '--after', '4711', '--count', '1')
  while (service.app.feed.streams === 0) await sleep(20)
  await sleep(300)
  await service.post('/api/containers/P1/move', { target_device: 'Hotel' })
  t.match(await watching, { code: 0, err: 'Revision 4711 is beyond the log, which ends at revision 3. Going on from there.\n', out: /^4 [^\n]*\n$/ })
})

t.test('whatever passes by itself is waited for once it has connected, and what does not ends it', async (t) => {
  const problem = (status: number, title: string) => JSON.stringify({ type: 'about:blank', status, title, code: 'any', detail: title })
  const frames = (revision: number) => [
    `event: hello\nid: ${revision - 1}\ndata: {"revision":${revision - 1},"log_id":"a"}\n\n`,
    `event: revision\nid: ${revision}\ndata: {"revision":${revision},"recorded_at":"2026-03-02T09:00:00.000Z","actor":null,"events":null,"count":300}\n\n`
  ].join('')
  const answers: [status: number, type: string, text: string][] = [
    [200, 'text/event-stream', frames(2)], [429, 'application/problem+json', problem(429, 'Too many requests')], [503, 'application/problem+json', problem(503, 'Too many streams')],
    [502, 'text/html', '<h1>Bad gateway</h1>'], [408, 'application/problem+json', problem(408, 'Request timeout')], [200, 'text/event-stream', frames(3)], [401, 'application/problem+json', problem(401, 'Key revoked')]
  ]
  const server = createServer((_request, response) => {
    const [status, type, text] = answers.shift()!
    response.writeHead(status, { 'content-type': type }).end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { platformStatus } = await aCommandLine(null, { PLATFORM_STATUS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  t.match(await platformStatus('watch'), { code: 1, out: /^2 .* 300 events\n3 .* 300 events\n$/, err: /Key revoked/ })
  t.same(answers, [])
})

t.test('it says so when the service ends the stream', async (t) => {
  const service = await aLabWithPlate(t)
  const { withSignal } = await aCommandLine(service)
  const abort = new AbortController()
  const watching = withSignal(abort.signal, ['watch'])
  while (service.app.feed.streams === 0) await sleep(20)
  await service.app.feed.close()
  // It connects again after one second at the earliest.
  await sleep(300)
  abort.abort()
  t.match(await watching, { err: 'The service ends the stream. Connecting again.\n' })
})

t.test('what is refused ends it, and so does Ctrl-C', async (t) => {
  const service = await aLabWithPlate(t)
  const { platformStatus, withSignal } = await aCommandLine(service)
  t.match(await platformStatus('watch', '--device', 'Attic'), { code: 1, err: /no device "Attic"/ })
  t.match(await platformStatus('watch', '--after', 'x'), { code: 2, err: '--after must be a whole number from 0 to 9007199254740991, not "x".\n' })
  t.match(await platformStatus('watch', '--url', 'http://127.0.0.1:65533'), { code: 3, err: /No service answers/ })
  const abort = new AbortController()
  const watching = withSignal(abort.signal, ['watch'])
  while (service.app.feed.streams === 0) await sleep(20)
  abort.abort()
  t.equal((await watching).out, '')
})
