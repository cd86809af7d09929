import type { FastifyInstance, onSendHookHandler, RouteHandlerMethod } from 'fastify'
import plugin from 'fastify-plugin'
import Type from 'typebox'
import { withProblems } from '../contract/problem-responses.ts'
import { problem } from '../contract/problems.ts'
import { largestRevisionNumber } from '../contract/stream.ts'
import type { WrittenRevision } from '../store/written-revision.ts'
import { isApiWrite } from './api-writes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The revision that the request has written, as far as a command said it; see `auditOf`. */
    written: WrittenRevision | null
  }
}

/** How long a read waits for the revision of `min_revision`, unless told otherwise. A replica in the same building is behind by milliseconds. */
const minRevisionWaitMs = 2000

const minRevision = Type.Optional(Type.Integer({
  minimum: 0, maximum: largestRevisionNumber,
  description: 'The response is at least as new as this revision, for example the `Lab-Revision` of your last write. The service waits up to 2 seconds for it, then responds with 503 `not-yet-replicated`. Only useful at an instance on a replica.',
  examples: [1]
}))

/**
 * Reads that are not older than a write, also at another instance: every write under /api responds with `Lab-Revision`, and every read takes
 * `min_revision`. Register it after admission: who waits for a revision takes no place.
 */
export const labRevision = plugin(async (app: FastifyInstance, { waitMs = minRevisionWaitMs }: { waitMs?: number }) => {
  app.decorateRequest('written', null)

  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/')) return
    if (isApiWrite(route)) {
      route.onSend = [sendRevision, ...[route.onSend ?? []].flat()]
    } else {
      const schema = route.schema ??= {}
      const querystring = (schema.querystring ?? { type: 'object', additionalProperties: false }) as { properties?: object }
      schema.querystring = { ...querystring, properties: { ...querystring.properties, min_revision: minRevision } }
      schema.response = withProblems(schema.response as Record<number, object>, 'not-yet-replicated')
      route.handler = afterRevision(route.handler)
    }
  })

  function afterRevision (handler: RouteHandlerMethod): RouteHandlerMethod {
    return function (request, reply) {
      const query = request.query as { min_revision?: number }
      const { min_revision: wanted } = query
      if (wanted === undefined) return handler.call(this, request, reply)
      // Handlers take all other parameters as filters.
      delete query.min_revision
      return waitFor(wanted).then(async () => await (handler.call(this, request, reply)))
    }
  }

  async function waitFor (wanted: number): Promise<void> {
    if (await app.feed.reaches(wanted, waitMs)) return
    // What the answer says is also what decides: a busy process may not have looked for longer than it waited.
    const revision = await app.feed.revision()
    if (revision >= wanted) return
    throw problem('not-yet-replicated', `The database has revision ${revision}, and not yet revision ${wanted}. Retry in one second, or ask an instance on the primary.`, { min_revision: wanted, revision })
  }

  // The response was computed and committed before. A retry with an `Idempotency-Key` runs no handler, so it knows no revision.
  const sendRevision: onSendHookHandler = (request, reply, payload, done) => {
    if (reply.statusCode >= 400) return done(null, payload)
    // What a dry run wrote was undone.
    const isDryRun = (request.query as { dry_run?: boolean } | undefined)?.dry_run === true
    const noted = isDryRun ? null : request.written?.revision ?? null
    if (noted !== null) {
      app.feed.note(noted)
      finish(noted)
    } else {
      // The write has happened: a response without this header is better than a refusal.
      app.feed.revision().then(finish, () => done(null, payload))
    }

    function finish (revision: number): void {
      reply.header('lab-revision', revision)
      app.feed.wake()
      done(null, payload)
    }
  }
}, { name: 'lab-revision' })
