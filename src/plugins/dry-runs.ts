import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { dryRunParameter } from '../contract/common.ts'
import { isApiWrite } from './api-writes.ts'

type Querystring = { properties?: Record<string, object> }

/**
 * Adds `?dry_run=true` to every write under /api. The handler runs in a transaction that is rolled back, so a dry run answers
 * what the write would answer, and changes nothing. A route that has the parameter already answers it by itself, for example
 * with all problems instead of the first one. A response with a secret is not for a dry run: the secret would not work.
 */
export const dryRuns = plugin(async (app: FastifyInstance) => {
  app.addHook('onRoute', (route) => {
    if (!isApiWrite(route) || route.config?.secret || route.schema === undefined) return
    const querystring = (route.schema.querystring ?? { type: 'object', additionalProperties: false }) as Querystring
    if (querystring.properties?.dry_run !== undefined) return
    // A new object, because routes share the schemas of their queries.
    route.schema.querystring = { ...querystring, properties: { ...querystring.properties, dry_run: dryRunParameter } }
    const { handler } = route
    route.handler = async function (request, reply) {
      const run = async (): Promise<unknown> => await handler.call(this, request, reply)
      return (request.query as { dry_run?: boolean }).dry_run === true ? await app.store.undone(run) : await run()
    }
  })
}, { name: 'dry-runs' })
