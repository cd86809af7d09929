import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { noQuery, ref } from '../../contract/common.ts'
import { Key, KeyCreate, KeyCreated, KeyPage, KeyParams, KeyQuery } from '../../contract/keys.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'

/** API keys: who may come in. What each call needs is in src/plugins/access.ts. */
export const keysRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/keys', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'listKeys', tags: ['keys'], summary: 'List keys',
      description: 'Without the keys themselves, oldest first; expired ones too, revoked ones only with `revoked`.',
      querystring: KeyQuery,
      response: { 200: ref(KeyPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.keys.list(query))

  app.post('/keys', {
    config: { scope: 'admin', secret: true },
    schema: {
      operationId: 'createKey', tags: ['keys'], summary: 'Make a key',
      description: 'The answer shows the key, this once. From the first key on every call needs one: make an `admin` first. A name is free again when its key is revoked or has expired; a repeated request finds it in use. Since nothing keeps the key, `Idempotency-Key` is not heard here.',
      querystring: noQuery, body: ref(KeyCreate),
      response: { 201: ref(KeyCreated), ...bodyProblems('key-name-in-use') }
    }
  }, async ({ body, actor }, reply) => {
    const made = await store.keys.create(body, actor)
    reply.code(201).headers({ location: `/api/keys/${made.id}`, 'cache-control': 'no-store' })
    return made
  })

  app.get('/keys/:id', {
    config: { scope: 'admin', etag: true },
    schema: {
      operationId: 'getKey', tags: ['keys'], summary: 'Read a key',
      description: 'All that is known of it, which is not the key itself; also when it is revoked.',
      params: KeyParams, querystring: noQuery,
      response: { 200: ref(Key), ...problems('key-not-found') }
    }
  }, async ({ params }) => await store.keys.read(params.id))

  app.delete('/keys/:id', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'revokeKey', tags: ['keys'], summary: 'Revoke a key',
      description: 'From the next request on it is not valid, at no instance. What was done with it stays under its name. Repeated: the same answer.',
      params: KeyParams, querystring: noQuery,
      response: { 204: Type.Null({ description: 'Revoked.' }), ...problems('key-not-found') }
    }
  }, async ({ params, actor }, reply) => {
    await store.keys.revoke(params.id, actor)
    reply.code(204)
  })
}
