import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { noQuery, ref } from '../../contract/common.ts'
import { Key, KeyCreate, KeyCreated, KeyPage, KeyParams, KeyQuery } from '../../contract/keys.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'

/** API keys. src/plugins/auth.ts checks them; src/plugins/scopes.ts says which scope an operation needs. */
export const keysRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/keys', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'listKeys', tags: ['keys'], summary: 'List keys',
      description: 'Lists keys without their secrets, oldest first. Expired keys are included. Use `revoked` to list revoked keys.',
      querystring: KeyQuery,
      response: { 200: ref(KeyPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.keys.list(query))

  app.post('/keys', {
    config: { scope: 'admin', secret: true },
    schema: {
      operationId: 'createKey', tags: ['keys'], summary: 'Create a key',
      description: 'Returns the secret of the key, which cannot be read again. As soon as the first key exists, every operation needs a key, so create one with the scope `admin` first. A name can be used again when its key is revoked or has expired. Because the secret is not stored, `Idempotency-Key` is ignored, and a retry is refused with `key-name-in-use`.',
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
      description: 'Returns a key without its secret. Revoked keys can be read, too.',
      params: KeyParams, querystring: noQuery,
      response: { 200: ref(Key), ...problems('key-not-found') }
    }
  }, async ({ params }) => await store.keys.read(params.id))

  app.delete('/keys/:id', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'revokeKey', tags: ['keys'], summary: 'Revoke a key',
      description: 'Ends a key. No instance of the service accepts it any more, from the next request on. Events keep its name as `actor`. A retry returns the same response.',
      params: KeyParams, querystring: noQuery,
      response: { 204: Type.Null({ description: 'Revoked.' }), ...problems('key-not-found') }
    }
  }, async ({ params, actor }, reply) => {
    await store.keys.revoke(params.id, actor)
    reply.code(204)
  })
}
