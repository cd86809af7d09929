import type { TSchema } from 'typebox'
import { components } from './openapi.ts'
import { streamFrames, StreamQuery } from './stream.ts'
import { WebhookHeaders, WebhookMessage, WebhookTestMessage } from './webhook-messages.ts'

// The AsyncAPI document: what the service sends by itself. Its schemas are those of the OpenAPI document.

type Message = { name: string, title: string, contentType: string, headers: object, payload: object, description?: string }

const known = new Map([...components, WebhookHeaders, WebhookMessage, WebhookTestMessage].map((schema) => [(schema as { $id?: string }).$id!, schema]))
const titles: Readonly<Record<keyof typeof streamFrames, string>> = {
  hello: 'The first frame', revision: 'What one command changed', heartbeat: 'The stream lives', reset: 'The log was replaced', bye: 'The stream ends'
}

/** The AsyncAPI document of this version. */
export function asyncapiDocument (version: string): object {
  const webhookMessages = { event: webhookMessage('event', 'An event', WebhookMessage), test: webhookMessage('test', 'A test', WebhookTestMessage) }
  const frames = Object.fromEntries((Object.keys(titles) as (keyof typeof streamFrames)[]).map((event) => [event, frameMessage(event)]))
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'platform-status', version,
      description: 'What the status service of a robotic laboratory sends by itself: the stream of changes, and webhooks. All other calls are in the OpenAPI document, `/openapi.json`.',
      license: { name: 'MIT' }
    },
    defaultContentType: 'application/json',
    servers: {
      service: server('http', 'An instance of the service.', { default: 'localhost:8000', description: 'Where the instance listens.' }),
      receiver: server('https', 'The receiver of a webhook.', { default: 'hooks.lab.example', description: 'The host of the `url` of the webhook.' })
    },
    channels: {
      stream: {
        address: '/api/events/stream', title: 'The stream', servers: [{ $ref: '#/servers/service' }], messages: frames,
        description: 'Server-Sent Events: one frame for each revision of the lab, in order. Ignore frames of other kinds: later versions can add some.'
      },
      webhook: {
        address: null, title: 'Webhooks', servers: [{ $ref: '#/servers/receiver' }], messages: webhookMessages,
        description: 'HTTP requests to the `url` of a webhook, as Standard Webhooks: one for each event, in order, each sent again until it is answered with 200 to 299. The same message can come twice.'
      }
    },
    operations: {
      streamEvents: {
        action: 'send', channel: { $ref: '#/channels/stream' }, summary: 'Sends the changes of the lab to whoever opened the stream.',
        messages: Object.keys(frames).map((name) => ({ $ref: `#/channels/stream/messages/${name}` })),
        security: [{ $ref: '#/components/securitySchemes/key' }, { $ref: '#/components/securitySchemes/session' }],
        bindings: { http: { method: 'GET', query: plain(StreamQuery), bindingVersion: '0.3.0' } }
      },
      sendWebhook: {
        action: 'send', channel: { $ref: '#/channels/webhook' }, summary: 'Sends one event to the receiver of a webhook.',
        messages: Object.keys(webhookMessages).map((name) => ({ $ref: `#/channels/webhook/messages/${name}` })),
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } }
      }
    },
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key with the scope `read`.' },
        session: { type: 'httpApiKey', in: 'cookie', name: 'platform-status', description: 'The cookie of a browser that signed in.' }
      }
    }
  }
  return { ...document, components: { schemas: referredTo(document), ...document.components } }
}

function server (protocol: string, description: string, host: { default: string, description: string }): object {
  return { host: '{host}', protocol, description, variables: { host } }
}

/** The lines of a frame beside `data` are its headers. */
function frameMessage (event: keyof typeof streamFrames): Message {
  const headers = {
    type: 'object', required: ['event', 'id'],
    properties: { event: { type: 'string', const: event, description: 'The kind of frame.' }, id: { type: 'string', pattern: '^\\d+$', description: 'The revision from which a reader resumes.' } }
  }
  return { name: event, title: titles[event], contentType: 'application/json', headers, payload: reference(streamFrames[event]) }
}

function webhookMessage (name: string, title: string, body: TSchema): Message {
  return { name, title, contentType: 'application/json', headers: reference(WebhookHeaders), payload: reference(body) }
}

function reference (schema: TSchema): { $ref: string } {
  return { $ref: `#/components/schemas/${(schema as { $id?: string }).$id}` }
}

/** All schemas to which a part of the document refers, also through others, by name. */
function referredTo (part: object): Record<string, object> {
  const found = new Map<string, object>()
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const name = '$ref' in node && typeof node.$ref === 'string' ? /^#\/components\/schemas\/(.+)$/.exec(node.$ref)?.[1] : undefined
    if (name !== undefined && !found.has(name)) {
      const schema = plain(known.get(name)!)
      found.set(name, schema)
      visit(schema)
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(part)
  return Object.fromEntries([...found].sort(([a], [b]) => a < b ? -1 : 1))
}

/** A schema as plain JSON Schema, whose references are those of the document. */
function plain (schema: TSchema): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key === '$id') return undefined
    return key === '$ref' ? `#/components/schemas/${String(value)}` : value
  }) as object
}
