import { Ajv } from 'ajv'
import formatsPlugin from 'ajv-formats'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/project-root.ts'
import { aReceiver } from '../support/receiver.ts'
import { aService } from '../support/service.ts'
import { aListener, atLeast, has } from '../support/stream.ts'

type Document = { channels: Record<string, { messages: Record<string, { headers: { $ref?: string }, payload: { $ref: string } }> }>, components: { schemas: Record<string, object> } }

const committed = readFileSync(join(projectRoot, 'openapi', 'asyncapi.json'), 'utf8')
const document = JSON.parse(committed) as Document

/** A validator with the schemas of the document. */
function validator (): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: true })
  formatsPlugin.default(ajv, ['uuid', 'date-time'])
  ajv.addSchema({ $id: 'document', components: document.components })
  return ajv
}

/** What is wrong with a value, for the schema at this place of the document. */
function faults (ajv: Ajv, schema: object, value: unknown): unknown {
  const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/')) as object
  return ajv.validate(absolute, value) ? null : ajv.errors
}

t.test('openapi/asyncapi.json is what the schemas make and the service answers: after a change run `npm run openapi` and commit it', async (t) => {
  const service = await aService(t)
  t.strictSame((await service.get('/asyncapi.json')).body, document)
  t.equal(committed, `${JSON.stringify(document, null, 2)}\n`)
})

t.test('it is valid by the schema of AsyncAPI, which finds what is wrong', async (t) => {
  const schema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  const validate = ajv.compile(schema)
  t.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 5)))
  for (const breaking of [{ asyncapi: '2.0.0' }, { operations: { streamEvents: { action: 'shout', channel: { $ref: '#/channels/stream' } } } }, { servers: { service: { protocol: 'http' } } }]) {
    t.notOk(validate({ ...document, ...breaking }), JSON.stringify(breaking))
  }
})

t.test('each reference leads somewhere, and the schemas that the OpenAPI document has too are the same', async (t) => {
  for (const [, pointer] of committed.matchAll(/"\$ref": "#\/([^"]+)"/g)) {
    t.ok(pointer!.split('/').reduce<any>((node, name) => node?.[name], document), pointer!)
  }
  const openapi = JSON.parse(readFileSync(join(projectRoot, 'openapi', 'openapi.json'), 'utf8')).components.schemas as Record<string, { description: string, properties?: object }>
  const shared = Object.entries(document.components.schemas).filter(([name]) => name in openapi) as [string, { description: string, properties?: object }][]
  for (const [name, { description, properties = {} }] of shared) {
    t.equal(description, openapi[name]!.description, name)
    t.same(Object.keys(properties), Object.keys(openapi[name]!.properties ?? {}), name)
  }
  t.same(shared.map(([name]) => name).filter((name) => name.startsWith('Stream')), ['StreamBye', 'StreamEndReason', 'StreamHeartbeat', 'StreamHello', 'StreamReset', 'StreamRevision'])
  t.same(Object.keys(document.components.schemas).filter((name) => !(name in openapi)), ['WebhookHeaders', 'WebhookMessage', 'WebhookTestMessage'])
})

t.test('the OpenAPI document has the frames as components', async (t) => {
  const { components: { schemas } } = JSON.parse(readFileSync(join(projectRoot, 'openapi', 'openapi.json'), 'utf8'))
  t.same(schemas.EventStream['x-frames'], Object.fromEntries(Object.entries(document.channels.stream!.messages).map(([event, { payload }]) => [event, payload])))
})

t.test('the frames of a stream are the messages of its channel', async (t) => {
  const { service, stream } = await aListener(t, { heartbeatMs: 100 })
  const ahead = await stream('?after=4711')
  const reading = await stream()
  await service.post('/api/containers/batch', { containers: [{ device: 'Hotel', barcode: 'P1' }, { device: 'Hotel' }] })
  await service.post('/api/containers/batch', { containers: Array.from({ length: 201 }, () => ({ device: 'Hotel' })) })
  await reading.until((frames) => atLeast(2)(frames) && has('heartbeat')(frames))
  await ahead.until(has('reset'))
  await service.app.close()
  await reading.ended
  const ajv = validator()
  const { messages } = document.channels.stream!
  const seen = new Set<string>()
  for (const { event, id, data } of [...ahead.frames, ...reading.frames]) {
    seen.add(event)
    t.equal(faults(ajv, messages[event]!.payload, data), null, event)
    t.equal(faults(ajv, messages[event]!.headers, { event, id }), null, `${event}, its lines`)
  }
  t.same([...seen].sort(), Object.keys(messages).sort(), 'each kind was sent')
  t.ok(faults(ajv, messages.heartbeat!.payload, { revision: -1, now: 'yesterday' }), 'and something else is none')
})

t.test('what a webhook sends are the messages of its channel', async (t) => {
  const { service } = await aListener(t)
  const receiver = await aReceiver(t)
  const { body: { id } } = await service.post('/api/webhooks', { url: receiver.url })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await service.post(`/api/webhooks/${id}/test`)
  await service.app.deliveries.deliverNow()
  await receiver.until(2)
  const ajv = validator()
  const { messages } = document.channels.webhook!
  const seen = receiver.messages.map(({ type, body, headers }) => {
    const name = type === 'webhook-test' ? 'test' : 'event'
    t.equal(faults(ajv, messages[name]!.payload, JSON.parse(body)), null, type)
    t.equal(faults(ajv, messages[name]!.headers, headers), null, `${type}, its headers`)
    return name
  })
  t.same([...seen].sort(), ['event', 'test'])
})
