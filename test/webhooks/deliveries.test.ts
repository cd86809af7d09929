import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { aDatabase } from '../support/database.ts'
import { eventKinds, rows } from '../support/log.ts'
import { aReceiver, type Receiver } from '../support/receiver.ts'
import { aServiceOn, type Service } from '../support/service.ts'
import { lasting } from '../support/times.ts'

type Made = { service: Service, receiver: Receiver, id: string, secret: string, webhook: () => Promise<any>, attempts: () => Promise<any[]>, plates: (count: number) => Promise<void> }

/** A lab of two devices with a webhook. */
async function aWebhook (t: Test, input: object = {}, options: Parameters<typeof aServiceOn>[4] = {}): Promise<Made> {
  const service = await aServiceOn(t, await aDatabase(t), {}, undefined, options)
  await service.put('/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 500 }, Washer: { capacity: 5 } } } })
  const receiver = await aReceiver(t)
  const { status, body, text } = await service.post('/api/webhooks', { url: receiver.url, ...input })
  if (status !== 201) throw new Error(text)
  return {
    service, receiver, id: body.id, secret: body.secret,
    webhook: async () => (await service.get(`/api/webhooks/${body.id}`)).body,
    attempts: async () => (await service.get(`/api/webhooks/${body.id}/attempts`)).body.items,
    plates: async (count) => { for (let n = 0; n < count; n++) await service.post('/api/containers', { device: 'Hotel' }) }
  }
}

/** The next attempt is due now. */
async function dueNow (service: Service): Promise<void> {
  await rows(service, 'UPDATE webhook SET due_at = now()')
}

/** Makes an attempt, and returns after how many seconds the next one is due. */
async function secondsToNext ({ service, webhook }: Made): Promise<number | null> {
  await dueNow(service)
  await service.app.deliveries.deliverNow()
  const { next_attempt_at: next } = await webhook()
  return next === null ? null : Math.round((Date.parse(next) - Date.now()) / 1000)
}

t.test('every event from now on is a message, in order, and the library of Standard Webhooks verifies it', async (t) => {
  const { service, receiver, secret, webhook, attempts, plates } = await aWebhook(t)
  await service.app.deliveries.deliverNow()
  t.same(receiver.messages, [], 'what was before is not told')
  await plates(3)
  const { body: { items: events } } = await service.get('/api/events?after=1')
  await service.app.deliveries.deliverNow()
  const messages = receiver.verified(secret)
  t.same(messages.map(({ type, data }) => [type, data]), events.map((event: { kind: string }) => [event.kind, event]))
  const [{ log_id }] = await rows(service, 'SELECT log_id FROM lab') as [{ log_id: string }]
  t.same(messages.map(({ id }) => id), [`${log_id}.2.0`, `${log_id}.3.0`, `${log_id}.4.0`])
  t.equal(messages[0]!.timestamp, events[0].recorded_at)
  t.match(messages[0]!.headers, { 'content-type': 'application/json', 'user-agent': /^platform-status\/\d/ })
  t.throws(() => receiver.verified(`whsec_${Buffer.alloc(32).toString('base64')}`), /No matching signature/)
  t.match(await webhook(), { delivered_revision: 4, revisions_behind: 0, failures: 0, next_attempt_at: null })
  t.match(await attempts(), [4, 3, 2].map((revision) => ({ message_id: `${log_id}.${revision}.0`, type: 'added', attempt: 1, delivered: true, status: 204, error: null, response: '' })))
})

t.test('all events of one command are told one after another', async (t) => {
  const { service, receiver, plates } = await aWebhook(t)
  await plates(2)
  await service.delete('/api/lab?confirm=wipe')
  await service.app.deliveries.deliverNow()
  t.same(receiver.messages.map(({ type, id }) => [type, id.split('.').slice(1).join('.')]),
    [['added', '2.0'], ['added', '3.0'], ['removed', '4.0'], ['removed', '4.1'], ['device-retired', '4.2'], ['device-retired', '4.3'], ['lab-wiped', '4.4']])
})

t.test('kinds and a device select events, and alarms are among them', async (t) => {
  const { service, receiver } = await aWebhook(t, { kinds: ['step-lost', 'step-alarm', 'step-alarm-over', 'moved'], device: 'Washer' })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await service.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 7 })
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  await service.put('/api/orchestrators/cage1', { session: 'first', ttl_seconds: 60 })
  for (const device of ['Washer', 'Hotel']) await service.post('/api/steps', { device, start: new Date().toISOString(), session: 'first' })
  await service.put('/api/orchestrators/cage1', { session: 'second', ttl_seconds: 60 })
  const washed = { device: 'Washer', data: { fct: 'wash' } }
  await service.post('/api/steps/batch', { steps: Array.from({ length: 10 }, (_, n) => ({ ...washed, ...lasting(10, 3600 + n * 60) })) })
  const { body: { id: hung } } = await service.post('/api/steps', { ...washed, start: new Date(Date.now() - 600_000).toISOString() })
  await service.app.watch.lookNow()
  await service.post(`/api/steps/${hung}/finish`, {})
  await service.app.watch.lookNow()
  await service.app.deliveries.deliverNow()
  t.same(receiver.messages.map(({ type }) => type), ['moved', 'step-lost', 'step-alarm', 'step-alarm-over'])
  t.match(receiver.messages[2]!.data, { after: { kind: 'overdue', step_id: hung, device: 'Washer' } })
})

t.test('what nobody wants is passed, also when it is much', async (t) => {
  const { service, receiver, webhook } = await aWebhook(t, { kinds: ['step-alarm'] })
  await rows(service, "INSERT INTO event_log (revision, ordinal, recorded_at, kind) SELECT n, 0, now(), CASE n WHEN 5001 THEN 'step-alarm' ELSE 'other' END FROM generate_series(2, 5002) AS n")
  await rows(service, 'UPDATE lab SET revision = 5002')
  await service.app.deliveries.deliverNow()
  t.match(receiver.messages, [{ type: 'step-alarm' }])
  t.match(await webhook(), { delivered_revision: 5002, revisions_behind: 0 })
})

t.test('a message that is not taken is sent again, later each time, and then the webhook is off', async (t) => {
  const made = await aWebhook(t)
  const { service, receiver, secret, webhook, attempts, plates } = made
  receiver.answer = (response) => response.writeHead(500).end('database is full')
  await plates(2)
  for (const seconds of [5, 300, 1800, 7200, 18_000, 36_000, 36_000]) {
    const found = await secondsToNext(made)
    t.ok(found !== null && found <= seconds && found > seconds - 3, `${found}, not ${seconds}`)
  }
  t.match(await webhook(), { failures: 7, disabled_at: null, revisions_behind: 2 })
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 7, 'nothing is sent before its time')
  t.equal(await secondsToNext(made), null)
  t.match(await webhook(), { failures: 8, disabled_at: String, disabled_because: 'failing' })
  t.equal(new Set(receiver.verified(secret).map(({ id }) => id)).size, 1, 'the second message waits for the first')
  t.match((await attempts())[0], { attempt: 8, delivered: false, status: 500, error: 'The receiver answered 500.', response: 'database is full' })
  t.same(await eventKinds(service), [...(await eventKinds(service)).slice(0, -1), 'webhook-disabled'])
  const { body: { items: [told] } } = await service.get('/api/events?kind=webhook-disabled')
  t.match(told, { actor: null, reason: 'All 8 attempts to deliver a message failed.', before: { disabled_at: null }, after: { disabled_because: 'failing', origin: receiver.url.replace('/hook', '') } })
  await dueNow(service)
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 8, 'off is off')
  receiver.answer = (response) => response.writeHead(204).end()
  t.match(await service.patch(`/api/webhooks/${made.id}`, { disabled: false }), { status: 200, body: { disabled_at: null, failures: 0 } })
  await service.app.deliveries.deliverNow()
  t.match(await webhook(), { revisions_behind: 0 })
  t.same(receiver.messages.slice(8).map(({ type }) => type), ['added', 'added'], 'nothing is lost, and a webhook is not told of itself')
})

t.test('another webhook is told that one was switched off', async (t) => {
  const { service, receiver, plates } = await aWebhook(t)
  const other = await aReceiver(t)
  await service.post('/api/webhooks', { url: other.url, kinds: ['webhook-disabled'] })
  receiver.answer = (response) => response.writeHead(410).end()
  await plates(2)
  await service.app.deliveries.deliverNow()
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 1, '410 means at once')
  t.match(other.messages, [{ type: 'webhook-disabled', data: { reason: 'The receiver answered 410.', after: { disabled_because: 'gone' } } }])
})

t.test('Retry-After is heard, up to ten hours', async (t) => {
  const made = await aWebhook(t)
  await made.plates(1)
  const seconds: (number | null)[] = []
  for (const header of ['60', '1', '9'.repeat(30), new Date(Date.now() + 7_201_000).toUTCString(), 'soon', '-1']) {
    made.receiver.answer = (response) => response.writeHead(503, { 'retry-after': header }).end()
    seconds.push(await secondsToNext(made))
  }
  for (const [n, wanted] of [60, 300, 36_000, 7200, 18_000, 36_000].entries()) t.ok(seconds[n]! <= wanted + 1 && seconds[n]! > wanted - 10, `${seconds[n]}, not ${wanted}`)
})

t.test('receivers that redirect, hang, break off or are not there', async (t) => {
  const made = await aWebhook(t, {}, { deliveryTimes: { timeoutMs: 300 } })
  const { service, receiver, id, attempts } = made
  const other = await aReceiver(t)
  await made.plates(1)
  const reason = async (answer: Receiver['answer']) => {
    receiver.answer = answer
    await secondsToNext(made)
    const [{ status, error }] = await attempts() as [{ status: number | null, error: string | null }]
    return [status, error]
  }
  t.same(await reason((response) => response.writeHead(307, { location: other.url }).end()), [307, 'The receiver answered 307, a redirect, which is not followed.'])
  t.same(other.messages, [])
  t.same(await reason(() => {}), [null, 'The receiver did not answer within 0.3 seconds.'])
  t.same(await reason((response) => response.socket?.destroy()), [null, 'The receiver could not be reached (ECONNRESET).'])
  t.same(await reason((response) => response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n')), [null, 'The receiver answered something that is not valid HTTP (HPE_INVALID_CONSTANT).'])
  await service.patch(`/api/webhooks/${id}`, { url: 'http://127.0.0.1:9/' })
  t.same(await reason(() => {}), [null, 'The receiver could not be reached (ECONNREFUSED).'])
  await service.patch(`/api/webhooks/${id}`, { url: 'http://nobody.invalid/' })
  t.same(await reason(() => {}), [null, 'The receiver could not be reached (ENOTFOUND).'])
  await service.patch(`/api/webhooks/${id}`, { url: receiver.url })
  t.same(await reason((response) => { response.writeHead(200).write('taken\0, and more is coming'.padEnd(5000, '.')) }), [200, null], 'the status counts, whatever comes after it')
  const [{ response }] = await attempts() as [{ response: string }]
  t.equal(response, 'taken\uFFFD, and more is coming'.padEnd(1024, '.'))
})

t.test('a receiver that hangs delays no other webhook and no request', async (t) => {
  const { service, receiver, plates } = await aWebhook(t, {}, { deliveryTimes: { everyMs: 20 } })
  const quick = await aReceiver(t)
  await service.post('/api/webhooks', { url: quick.url })
  receiver.answer = () => {}
  service.app.deliveries.start()
  await plates(1)
  await receiver.until(1)
  await plates(10)
  t.equal((await quick.until(11)).length, 11)
  t.equal(receiver.messages.length, 1, 'it has the first message for as long as it takes')
})

t.test('webhooks that are delivered at the same time take turns at the connection of their instance', async (t) => {
  const { service, receiver, plates } = await aWebhook(t)
  // pg warns once a process that a later version refuses statements that do not wait for each other.
  const warnings: string[] = []
  const keep = ({ message }: Error): void => { warnings.push(message) }
  process.on('warning', keep)
  t.teardown(() => process.off('warning', keep))
  for (let n = 1; n < 10; n++) await service.post('/api/webhooks', { url: receiver.url })
  await plates(3)
  await service.app.deliveries.deliverNow()
  await sleep(10)
  t.equal(receiver.messages.length, 30)
  t.same(warnings, [])
})

t.test('a message comes within about a second of the write', async (t) => {
  const { service, receiver, plates } = await aWebhook(t)
  service.app.deliveries.start()
  await plates(1)
  const written = Date.now()
  await receiver.until(1)
  t.ok(Date.now() - written < 3000, `${Date.now() - written} ms`)
})

t.test('a rotated secret: both are valid for a day, and each of them is shown once', async (t) => {
  const { service, receiver, id, secret, webhook, plates } = await aWebhook(t)
  const rotated = await service.post(`/api/webhooks/${id}/rotate`)
  t.match(rotated, { status: 200, headers: { 'cache-control': 'no-store' }, body: { secret: /^whsec_/ } })
  t.ok(Math.abs(Date.parse(rotated.body.previous_secret_ends_at) - Date.now() - 86_400_000) < 60_000)
  await plates(1)
  await service.app.deliveries.deliverNow()
  receiver.verified(secret)
  receiver.verified(rotated.body.secret)
  t.match(await webhook(), { previous_secret_ends_at: rotated.body.previous_secret_ends_at, version: 2 })
  t.notMatch(JSON.stringify([await webhook(), (await service.get('/api/webhooks')).body, (await service.get('/api/events')).body]), /whsec_/)
  await rows(service, "UPDATE webhook SET previous_secret_ends_at = now() - interval '1 second'")
  await plates(1)
  await service.app.deliveries.deliverNow()
  const last = receiver.messages.at(-1)!
  t.throws(() => new Webhook(secret).verify(last.body, last.headers))
  t.doesNotThrow(() => new Webhook(rotated.body.secret).verify(last.body, last.headers))
  t.match(await webhook(), { previous_secret_ends_at: null })
})

t.test('messages are delivered again from a revision on, with their ids, and waiting ones can be left out', async (t) => {
  const made = await aWebhook(t)
  const { service, receiver, id, plates } = made
  await plates(3)
  await service.app.deliveries.deliverNow()
  const redeliver = async (body: object) => await service.post(`/api/webhooks/${id}/redeliver`, body)
  t.match(await redeliver({ from_revision: 3 }), { status: 200, body: { delivered_revision: 2, revisions_behind: 2 } })
  await service.app.deliveries.deliverNow()
  const ids = receiver.messages.map((message) => message.id)
  t.same(ids.slice(3), ids.slice(1, 3))
  t.match(await redeliver({ from_revision: 6 }), { status: 400, body: { errors: [{ pointer: '/from_revision', detail: 'must be at most 5, the revision after the newest one' }] } })
  t.match(await redeliver({ from_revision: 0 }), { status: 400 })
  receiver.answer = (response) => response.writeHead(500).end()
  await plates(2)
  await service.app.deliveries.deliverNow()
  t.match(await redeliver({}), { status: 200, body: { failures: 0, next_attempt_at: null, revisions_behind: 2 } })
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 7, 'tried again at once')
  t.match(await redeliver({ from_revision: 7 }), { status: 200, body: { revisions_behind: 0 } })
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 7)
})

t.test('a webhook that is moved while a message is under way is where it was moved to', async (t) => {
  const { service, receiver, id, webhook, plates } = await aWebhook(t)
  await plates(2)
  receiver.answer = (response) => {
    void service.post(`/api/webhooks/${id}/redeliver`, { from_revision: 1 }).then(() => {
      receiver.answer = (next) => next.writeHead(204).end()
      response.writeHead(204).end()
    })
  }
  await service.app.deliveries.deliverNow()
  await service.app.deliveries.deliverNow()
  t.same(receiver.messages.map(({ id }) => id.split('.')[1]), ['2', '1', '1', '1', '2', '3'])
  t.match(await webhook(), { revisions_behind: 0 })
})

t.test('a test message is sent at once, also when the webhook is off or waits, and its failure has no consequences', async (t) => {
  const made = await aWebhook(t)
  const { service, receiver, id, secret, attempts, webhook, plates } = made
  receiver.answer = (response) => response.writeHead(500).end()
  await plates(1)
  await service.app.deliveries.deliverNow()
  const before = await webhook()
  const asked = await service.post(`/api/webhooks/${id}/test`)
  t.match(asked, { status: 202, body: { message_id: /^test\./ } })
  await service.app.deliveries.deliverNow()
  t.match(receiver.verified(secret).at(-1), { id: asked.body.message_id, type: 'webhook-test', data: { webhook_id: id } })
  t.match(await attempts(), [{ message_id: asked.body.message_id, type: 'webhook-test', attempt: 1, status: 500 }, {}])
  t.same(await webhook(), before)
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 2, 'it is sent once')
  await service.patch(`/api/webhooks/${id}`, { disabled: true })
  receiver.answer = (response) => response.writeHead(204).end()
  await service.post(`/api/webhooks/${id}/test`)
  await service.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 3)
  t.match((await attempts())[0], { type: 'webhook-test', delivered: true })
  t.match((await service.get(`/api/webhooks/${id}/attempts?delivered=false&limit=1&count=true`)).body, { items: [{ type: 'webhook-test' }], next_cursor: String, total: 2 })
})

t.test('several instances deliver every message once, in order', async (t) => {
  const { service, receiver, secret, plates } = await aWebhook(t, {}, { deliveryTimes: { everyMs: 10 } })
  const others = await Promise.all([1, 2].map(async () => await aServiceOn(t, service.url, {}, undefined, { deliveryTimes: { everyMs: 10 } })))
  for (const { app } of [service, ...others]) app.deliveries.start()
  await plates(40)
  await receiver.until(40)
  await sleep(100)
  t.same(receiver.verified(secret).map(({ data }) => data.revision), Array.from({ length: 40 }, (_, n) => n + 2))
})

t.test('an instance that stops lets another one deliver at once, and one that dies when its lease is over', async (t) => {
  const { service, receiver, plates } = await aWebhook(t)
  const other = await aServiceOn(t, service.url)
  receiver.answer = () => {}
  await plates(1)
  void service.app.deliveries.deliverNow()
  await receiver.until(1)
  await other.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 1, 'it is under way')
  await service.app.deliveries.stop()
  receiver.answer = (response) => response.writeHead(204).end()
  await other.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 2)
  t.equal(receiver.messages[1]!.id, receiver.messages[0]!.id)
  await plates(1)
  await rows(service, "UPDATE webhook SET leased_by = $1, leased_until = now() + interval '1 hour'", [randomUUID()])
  await other.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 2)
  await rows(service, 'UPDATE webhook SET leased_until = now()')
  await other.app.deliveries.deliverNow()
  t.equal(receiver.messages.length, 3)
})

t.test('nothing is sent from a database that accepts no writes', async (t) => {
  const { service, receiver, plates } = await aWebhook(t)
  await plates(1)
  await rows(service, `ALTER DATABASE "${new URL(service.url).pathname.slice(1)}" SET default_transaction_read_only = on`)
  await service.app.deliveries.deliverNow()
  t.same(receiver.messages, [])
})

t.test('attempts are kept for 30 days, and so many of each webhook', async (t) => {
  const { service, attempts, plates } = await aWebhook(t)
  await plates(3)
  await service.app.deliveries.deliverNow()
  const prune = async (most: number) => (await rows(service, 'SELECT prune_webhook_attempts($1) AS count', [most]))[0]!.count as number
  t.equal(await prune(3), 0)
  await rows(service, "UPDATE webhook_attempt SET started_at = now() - interval '31 days' WHERE message_id LIKE '%.2.0'")
  await service.app.learner.learnNow()
  t.match(await attempts(), [{ message_id: /\.4\.0$/ }, { message_id: /\.3\.0$/ }])
  t.equal(await prune(1), 1)
  t.match(await attempts(), [{ message_id: /\.4\.0$/ }])
})
