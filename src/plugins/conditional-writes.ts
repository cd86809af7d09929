import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import plugin from 'fastify-plugin'
import { withProblems } from '../contract/problem-responses.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import type { StoredResponse } from '../store/idempotency.ts'
import { isApiWrite } from './api-writes.ts'
import { requestKey, validKey } from './idempotency-key.ts'
import { refuseUnlessMatched } from './if-match.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The response contains a secret, so it must not be stored. `Idempotency-Key` is ignored. */
    secret?: boolean
  }
}

/**
 * Adds `Idempotency-Key` and `If-Match` to every write under /api; a POST that only reads ignores both. A request with either header runs in one transaction,
 * together with the check of the header. Other requests do not open a transaction. Handlers must return their response and
 * never send it themselves, because it must not be sent before the transaction is committed.
 */
export const conditionalWrites = plugin(async (app: FastifyInstance) => {
  // Also where the key is ignored, so that a client learns early that it sends an invalid one.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.headers['idempotency-key'] !== undefined) validKey(request)
    done()
  })

  app.addHook('onRoute', (route) => {
    if (route.config?.secret || !isApiWrite(route)) return
    if (route.schema !== undefined) {
      route.schema.response = withProblems(route.schema.response as Record<number, object>,
        'idempotency-key-running', 'idempotency-key-reused', ...route.config?.changes === undefined ? [] : ['precondition-failed'] as const)
    }
    const { handler } = route
    route.handler = async function (request, reply) {
      const isConditional = request.headers['idempotency-key'] !== undefined || request.headers['if-match'] !== undefined
      return isConditional ? await runInTransaction(request, reply, handler.bind(this)) : await handler.call(this, request, reply)
    }
  })

  async function runInTransaction (request: FastifyRequest, reply: FastifyReply, handler: OmitThisParameter<RouteHandlerMethod>): Promise<unknown> {
    const { store } = app
    const run = async (): Promise<unknown> => {
      await refuseUnlessMatched(request, store)
      return await handler(request, reply)
    }
    const key = requestKey(request)
    if (key === null) return await store.idempotency.together(run)
    const { status, headers, body, replayed } = await store.idempotency.once(key, async () => responseOf(reply, await run()))
    reply.code(status).headers(headers)
    if (replayed) {
      // an attempt that was undone can have said one
      request.written = null
      reply.header('idempotency-replayed', 'true')
      app.metrics.replays.add({ operation: request.routeOptions.schema?.operationId ?? 'none' })
    }
    // The body is serialised already. This skips the serializer of the route.
    return reply.serializer((text) => text as string).send(body ?? undefined)
  }
}, { name: 'conditional-writes' })

function responseOf (reply: FastifyReply, payload: unknown): StoredResponse {
  const location = reply.getHeader('location')
  const isText = typeof payload === 'string'
  const type = reply.getHeader('content-type') ?? (isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8')
  const body = payload === undefined ? null : isText ? payload : writeExactly(payload)
  return {
    status: reply.statusCode,
    headers: { ...body === null ? {} : { 'content-type': String(type) }, ...location === undefined ? {} : { location: String(location) } },
    body
  }
}
