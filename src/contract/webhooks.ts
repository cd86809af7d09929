import Type, { type Static } from 'typebox'
import { DeviceName, nullable, optional, page, pageQuery, ref, stringEnum, textLines, Timestamp, Uuid, Version } from './common.ts'
import { EventKind } from './events.ts'
import { largestRevisionNumber } from './stream.ts'

const aWebhook = {
  id: '0199f2f6-4d7f-7a85-8b1c-9f8172e6d543', url: 'https://hooks.lab.example/platform-status', kinds: ['step-alarm', 'step-lost'] as const, device: null, description: 'wakes who is on call',
  disabled_at: null, disabled_because: null, delivered_revision: 4712, revisions_behind: 0, failures: 0, next_attempt_at: null, previous_secret_ends_at: null,
  created_at: '2026-03-02T09:15:00.000Z', created_by: 'admin', updated_at: '2026-03-02T09:15:00.000Z', version: 1
}
const aSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'

const url = (description: string) => Type.String({ minLength: 1, maxLength: 2000, description, examples: [aWebhook.url] })
const kindList = Type.Array(ref(EventKind), { minItems: 1, maxItems: 100, uniqueItems: true, description: 'Only events of these kinds. Null for all kinds.', examples: [['step-alarm', 'step-lost']] })
const secret = Type.String({
  description: 'The secret that signs the messages, as Standard Webhooks write it. It is returned only in this response.', examples: [aSecret]
})

const WebhookEnd = stringEnum('WebhookEnd', ['requested', 'gone', 'failing', 'restored'],
  '`requested`: somebody switched the webhook off. `gone`: the receiver answered 410. `failing`: all attempts to deliver one message failed. `restored`: the database was restored from a backup.')

const members = {
  id: ref(Uuid, 'The id of the webhook.'),
  url: url('Where the messages are sent.'),
  kinds: nullable(kindList),
  device: nullable(ref(DeviceName), 'Only events that concern this device. Null for all events.'),
  description: nullable(Type.String({ description: 'What the webhook is for. Null when nobody said so.' })),
  disabled_at: nullable(ref(Timestamp), 'Since when it is off. Null while it is on.'),
  disabled_because: nullable(ref(WebhookEnd), 'Why it is off. Null while it is on.'),
  delivered_revision: Type.Integer({ minimum: 0, description: 'All its events up to this revision are delivered.', examples: [4712] }),
  revisions_behind: Type.Integer({ minimum: 0, description: 'How many newer revisions there are.' }),
  failures: Type.Integer({ minimum: 0, description: 'How many attempts to deliver the next message have failed.' }),
  next_attempt_at: nullable(ref(Timestamp), 'When the next attempt is made. Null when none has failed, and when the webhook is off.'),
  previous_secret_ends_at: nullable(ref(Timestamp), 'Until when messages are also signed with the previous secret. Null when they are not.'),
  created_at: ref(Timestamp, 'When it was created.'),
  created_by: nullable(Type.String({ description: 'The name of the key that created it. Null when it was created without a key.' })),
  updated_at: ref(Timestamp, 'When it was last changed. Deliveries do not count.'),
  version: ref(Version, 'How often it was changed, counted from 1. Deliveries do not count.')
}

export const Webhook = Type.Object(members, { $id: 'Webhook', description: 'Who is told of events by HTTP.', examples: [aWebhook] })
export type Webhook = Static<typeof Webhook>

export const WebhookCreated = Type.Object({ ...members, secret: nullable(secret, 'The secret that signs the messages, as Standard Webhooks write it. It is returned only in this response. Null in a dry run.') }, {
  $id: 'WebhookCreated', description: 'A new webhook with its secret.', examples: [{ ...aWebhook, secret: aSecret }]
})
export type WebhookCreated = Static<typeof WebhookCreated>

const targetRule = 'Where to send the messages: `http` or `https`, without a user and password, and not a link-local address.'

export const WebhookCreate = Type.Object({
  id: optional(ref(Uuid), 'The id of the new webhook. Choose one to notice that a retry created it before.'),
  url: url(targetRule),
  kinds: optional(kindList, 'Only events of these kinds. Omit it for all kinds.'),
  device: optional(ref(DeviceName), 'Only events that concern this device. Omit it for all events.'),
  description: optional(textLines('What the webhook is for.', 'wakes who is on call'))
}, {
  $id: 'WebhookCreate', additionalProperties: false, description: 'A webhook to create.',
  examples: [{ url: aWebhook.url, kinds: ['step-alarm', 'step-lost'], description: 'wakes who is on call' }]
})
export type WebhookCreate = Static<typeof WebhookCreate>

export const WebhookPatch = Type.Object({
  url: Type.Optional(url(targetRule)),
  kinds: optional(kindList, 'Only events of these kinds. Null for all kinds.'),
  device: optional(ref(DeviceName), 'Only events that concern this device. Null for all events.'),
  description: optional(textLines('What the webhook is for. Null removes it.', 'wakes who is on call')),
  disabled: Type.Optional(Type.Boolean({ description: 'Whether to switch it off, or on again. When it is switched on, it delivers what has happened since.' }))
}, { $id: 'WebhookPatch', additionalProperties: false, minProperties: 1, description: 'The members of a webhook to change.', examples: [{ disabled: false }] })
export type WebhookPatch = Static<typeof WebhookPatch>

export const WebhookSecret = Type.Object({ secret, previous_secret_ends_at: ref(Timestamp, 'Until when messages are also signed with the previous secret.') }, {
  $id: 'WebhookSecret', description: 'The new secret of a webhook.', examples: [{ secret: aSecret, previous_secret_ends_at: '2026-03-03T09:15:00.000Z' }]
})
export type WebhookSecret = Static<typeof WebhookSecret>

export const WebhookTest = Type.Object({ message_id: Type.String({ description: 'The id of the test message. `GET /api/webhooks/{id}/attempts` says what came of it.', examples: ['test.0199f2f6-5e80-7b96-9c2d-a09283f7e654'] }) }, {
  $id: 'WebhookTest', description: 'A test message that will be sent at once.', examples: [{ message_id: 'test.0199f2f6-5e80-7b96-9c2d-a09283f7e654' }]
})
export type WebhookTest = Static<typeof WebhookTest>

export const WebhookRedelivery = Type.Object({
  from_revision: Type.Optional(Type.Integer({
    minimum: 1, maximum: largestRevisionNumber,
    description: 'The first revision to deliver. The one after the newest leaves out what waits. Omit it to try again at once with the next message.', examples: [1]
  }))
}, { $id: 'WebhookRedelivery', additionalProperties: false, description: 'From where a webhook delivers.', examples: [{ from_revision: 1 }, {}] })
export type WebhookRedelivery = Static<typeof WebhookRedelivery>

const anAttempt = {
  id: '0199f2f6-6f91-7ca7-8d3e-b1a394f80765', message_id: '0199f2f0-2f6b-7c1d-9e3a-4b5c6d7e8f90.4713.0', type: 'step-alarm', attempt: 2, started_at: '2026-03-02T09:15:05.120Z', seconds: 0.084,
  delivered: false, status: 503, error: 'The receiver answered 503.', response: 'upgrading'
}

export const WebhookAttempt = Type.Object({
  id: ref(Uuid, 'The id of the attempt.'),
  message_id: Type.String({ description: 'The id of the message, which all its attempts have: the log, the revision and the number of the event in it.' }),
  type: Type.String({ description: 'The kind of the event, or `webhook-test`.' }),
  attempt: Type.Integer({ minimum: 1, description: 'Which attempt of the message it was, counted from 1, and from 1 again when it is delivered again (`redeliver`).' }),
  started_at: ref(Timestamp, 'When the request was sent.'),
  seconds: Type.Number({ minimum: 0, description: 'How long it took, in seconds.' }),
  delivered: Type.Boolean({ description: 'Whether the receiver answered with a status from 200 to 299.' }),
  status: nullable(Type.Integer({ description: 'The status of the answer. Null when there was none.' })),
  error: nullable(Type.String({ description: 'Why it was not delivered. Null when it was.' })),
  response: nullable(Type.String({ description: 'The beginning of the answer, at most 1 KiB. Null when there was none.' }))
}, { $id: 'WebhookAttempt', description: 'One request to a receiver, and what came of it.', examples: [anAttempt] })
export type WebhookAttempt = Static<typeof WebhookAttempt>

export const WebhookPage = page('WebhookPage', Webhook)
export const WebhookAttemptPage = page('WebhookAttemptPage', WebhookAttempt)

export const WebhookParams = Type.Object({ id: ref(Uuid) })

export const WebhookQuery = Type.Object({ ...pageQuery }, { additionalProperties: false })
export type WebhookQuery = Static<typeof WebhookQuery>

export const WebhookAttemptQuery = Type.Object({
  ...pageQuery, delivered: Type.Optional(Type.Boolean({ description: 'Whether to list only attempts that delivered their message, or only those that did not.' }))
}, { additionalProperties: false })
export type WebhookAttemptQuery = Static<typeof WebhookAttemptQuery>

export const webhookSchemas = [
  WebhookEnd, Webhook, WebhookCreated, WebhookCreate, WebhookPatch, WebhookSecret, WebhookTest, WebhookRedelivery, WebhookAttempt,
  WebhookPage, WebhookAttemptPage
]
