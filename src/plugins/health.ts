import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import Type from 'typebox'
import { ref } from '../contract/common.ts'
import { Live, Ready } from '../contract/health.ts'
import { problems } from '../contract/problem-responses.ts'
import { problem } from '../contract/problems.ts'

/** Liveness and readiness probes. */
export const health = plugin(async (app: FastifyInstance) => {
  app.get('/health/live', {
    logLevel: 'warn',
    schema: {
      operationId: 'getLive', tags: ['operations'], summary: 'Check that the process is alive',
      description: 'Responds as long as the process can handle requests. It does not query the database.',
      querystring: Type.Object({}, { additionalProperties: false }),
      response: { 200: ref(Live), ...problems() }
    }
  }, async () => ({ status: 'live' }))

  app.get('/health/ready', {
    logLevel: 'warn',
    schema: {
      operationId: 'getReady', tags: ['operations'], summary: 'Check that the service is ready',
      description: 'Queries the database, and responds with 503 when it does not respond. Also returns the state of the connection pool.',
      querystring: Type.Object({}, { additionalProperties: false }),
      response: { 200: ref(Ready), ...problems() }
    }
  }, async () => {
    const { pool, ping } = app.database
    try {
      await ping()
    } catch (error) {
      app.log.warn({ err: error }, 'database does not respond')
      throw problem('database-unavailable', 'The database did not respond.')
    }
    return { status: 'ready', pool: { max: pool.options.max, open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount } }
  })
}, { name: 'health' })
