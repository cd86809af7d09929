import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { dryRunParameter, noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import {
  Webhook, WebhookAttemptPage, WebhookAttemptQuery, WebhookCreate, WebhookCreated, WebhookPage, WebhookParams, WebhookPatch,
  WebhookQuery, WebhookRedelivery, WebhookSecret, WebhookTest
} from '../../contract/webhooks.ts'
import { auditOf } from '../audit.ts'

const creation = Type.Object({ dry_run: dryRunParameter }, { additionalProperties: false })

/** Who is told of events by HTTP. src/webhooks/ delivers. */
export const webhooksRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/webhooks', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'listWebhooks', tags: ['webhooks'], summary: 'List webhooks',
      description: 'Lists webhooks without their secrets, oldest first, and how far each has been told the log.',
      querystring: WebhookQuery,
      response: { 200: ref(WebhookPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.webhooks.list(query))

  app.post('/webhooks', {
    config: { scope: 'admin', secret: true },
    schema: {
      operationId: 'createWebhook', tags: ['webhooks'], summary: 'Create a webhook',
      description: [
        'Sends every event from now on to a URL, or those of some kinds and of one device: one message an event, in the order of the log, signed as Standard Webhooks are. The secret is returned once.',
        'A receiver takes a message by answering 200 to 299 within 15 seconds. Otherwise it is sent again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, later if `Retry-After` says so; then the webhook is switched off. 410 switches it off at once.',
        'Redirects are not followed, and link-local addresses are never called. Because the secret is not stored for retries, `Idempotency-Key` is ignored: choose an `id`, and a retry is refused with `id-in-use`.'
      ].join(' '),
      querystring: creation, body: ref(WebhookCreate),
      response: { 201: ref(WebhookCreated), ...bodyProblems('device-not-found', 'id-in-use', 'too-many-webhooks') }
    }
  }, async (request, reply) => {
    const create = async (): Promise<WebhookCreated> => await store.webhooks.create(request.body, auditOf(request))
    const made = request.query.dry_run === true ? { ...await store.undone(create), secret: null } : await create()
    reply.code(201).headers({ location: `/api/webhooks/${made.id}`, 'cache-control': 'no-store' })
    return made
  })

  app.get('/webhooks/:id', {
    config: { scope: 'admin', etag: true },
    schema: {
      operationId: 'getWebhook', tags: ['webhooks'], summary: 'Read a webhook',
      description: 'Returns a webhook without its secret, and how far it has been told the log.',
      params: WebhookParams, querystring: noQuery,
      response: { 200: ref(Webhook), ...problems('webhook-not-found') }
    }
  }, async ({ params }) => await store.webhooks.read(params.id))

  app.patch('/webhooks/:id', {
    config: { scope: 'admin', changes: 'webhook' },
    schema: {
      operationId: 'updateWebhook', tags: ['webhooks'], summary: 'Change a webhook',
      description: 'Changes where messages are sent and which, and switches the webhook off or on. Switched on again, it delivers what has happened since; `POST /api/webhooks/{id}/redeliver` can leave that out.',
      params: WebhookParams, querystring: noQuery, body: ref(WebhookPatch),
      response: { 200: ref(Webhook), ...bodyProblems('webhook-not-found', 'device-not-found') }
    }
  }, async (request) => await store.webhooks.update(request.params.id, request.body, auditOf(request)))

  app.delete('/webhooks/:id', {
    config: { scope: 'admin', changes: 'webhook' },
    schema: {
      operationId: 'deleteWebhook', tags: ['webhooks'], summary: 'Delete a webhook',
      description: 'Deletes a webhook and its attempts. A message that is being sent still arrives.',
      params: WebhookParams, querystring: noQuery,
      response: { 204: Type.Null({ description: 'Deleted.' }), ...problems('webhook-not-found') }
    }
  }, async (request, reply) => {
    await store.webhooks.delete(request.params.id)
    reply.code(204)
  })

  app.post('/webhooks/:id/rotate', {
    config: { scope: 'admin', secret: true },
    schema: {
      operationId: 'rotateWebhookSecret', tags: ['webhooks'], summary: 'Rotate the secret of a webhook',
      description: 'Gives a webhook a new secret, which is returned once. For 24 hours messages have two signatures, with the new and with the previous secret, so the receiver can change over in between. A secret before the previous one ends at once. `Idempotency-Key` is ignored.',
      params: WebhookParams, querystring: noQuery,
      response: { 200: ref(WebhookSecret), ...problems('webhook-not-found') }
    }
  }, async ({ params }, reply) => {
    reply.header('cache-control', 'no-store')
    return await store.webhooks.rotate(params.id)
  })

  app.post('/webhooks/:id/test', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'testWebhook', tags: ['webhooks'], summary: 'Send a test message',
      description: 'Sends a message of the type `webhook-test` within a second, also when the webhook is off. `GET /api/webhooks/{id}/attempts` says what came of it. It is sent once, and its failure has no consequences.',
      params: WebhookParams, querystring: noQuery,
      response: { 202: ref(WebhookTest), ...problems('webhook-not-found') }
    }
  }, async ({ params }, reply) => {
    reply.code(202)
    return await store.webhooks.test(params.id)
  })

  app.post('/webhooks/:id/redeliver', {
    config: { scope: 'admin', changes: 'webhook' },
    schema: {
      operationId: 'redeliverWebhook', tags: ['webhooks'], summary: 'Deliver again from a revision',
      description: 'Lets a webhook deliver its events again, from a revision on, with the ids that their messages had before. Without `from_revision` it tries again at once with the next message.',
      params: WebhookParams, querystring: noQuery, body: ref(WebhookRedelivery),
      response: { 200: ref(Webhook), ...bodyProblems('webhook-not-found') }
    }
  }, async ({ params, body }) => await store.webhooks.redeliver(params.id, body.from_revision))

  app.get('/webhooks/:id/attempts', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'listWebhookAttempts', tags: ['webhooks'], summary: 'List the attempts of a webhook',
      description: 'Lists the requests to the receiver and what came of each, newest first. They are kept for 30 days, the newest 10,000 of each webhook.',
      params: WebhookParams, querystring: WebhookAttemptQuery,
      response: { 200: ref(WebhookAttemptPage), ...problems('webhook-not-found', 'invalid-cursor') }
    }
  }, async ({ params, query }) => await store.webhooks.attempts(params.id, query))
}
