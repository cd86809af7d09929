import Type from 'typebox'
import { ref, Timestamp, Uuid } from './common.ts'
import { Event, EventKind } from './events.ts'

// What a webhook sends. docs/guides/webhooks.md says what its receiver does with it.

/** The body of a message about an event. */
export const WebhookMessage = Type.Object({
  type: ref(EventKind, 'The kind of the event.'),
  timestamp: ref(Timestamp, 'When the event was recorded.'),
  data: ref(Event, 'The event as `GET /api/events` returns it.')
}, { $id: 'WebhookMessage', description: 'The body of a message about one event. Ignore types that you do not know: later versions can add some.' })

/** The body of a test message. */
export const WebhookTestMessage = Type.Object({
  type: Type.String({ enum: ['webhook-test'], description: 'Says that it is a test.' }),
  timestamp: ref(Timestamp, 'When the message was made.'),
  data: Type.Object({ webhook_id: ref(Uuid, 'The id of the webhook.') }, { description: 'Which webhook is tested.' })
}, { $id: 'WebhookTestMessage', description: 'The body of the message of `POST /api/webhooks/{id}/test`.' })

/** The headers of both. */
export const WebhookHeaders = Type.Object({
  'webhook-id': Type.String({ description: 'The id of the message, the same in every attempt: the log, the revision and the number of the event in it; of a test `test.` and a UUID.', examples: ['0199f2f0-2f6b-7c1d-9e3a-4b5c6d7e8f90.4713.0'] }),
  'webhook-timestamp': Type.String({ pattern: '^\\d+$', description: 'When this attempt was made, in seconds since 1970.', examples: ['1772442905'] }),
  'webhook-signature': Type.String({ description: 'Signatures of `id.timestamp.body` as Standard Webhooks write them, separated by spaces. There are two while the secret is rotated.', examples: ['v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4='] })
}, { $id: 'WebhookHeaders', description: 'The headers that Standard Webhooks define.' })
