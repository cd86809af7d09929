import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import Type from 'typebox'
import { ref } from '../contract/common.ts'
import { Live, Ready } from '../contract/health.ts'
import { problems } from '../contract/problem-responses.ts'
import { problem } from '../contract/problems.ts'
import { databaseFault } from '../store/errors.ts'

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
      description: 'Queries the database and tries to write, and responds with 503 when the database does not respond or writes fail, for example on a full disk. Also returns the state of the connection pool.',
      querystring: Type.Object({}, { additionalProperties: false }),
      response: { 200: ref(Ready), ...problems() }
    }
  }, async () => {
    const { pool, ping, probeWrite } = app.database
    try {
      await ping()
    } catch (error) {
      app.log.warn({ err: error }, 'database does not respond')
      throw problem('database-unavailable', 'The database did not respond.')
    }
    await refuseFailingWrites(probeWrite)
    return { status: 'ready', pool: { max: pool.options.max, open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount } }
  })

  /** Reads may work while writes fail. A database that accepts no writes by its configuration is ready for what it does. */
  async function refuseFailingWrites (probeWrite: () => Promise<void>): Promise<void> {
    try {
      await probeWrite()
    } catch (error) {
      const { sqlstate } = databaseFault(error) ?? {}
      if (sqlstate === readOnly) return
      app.log.warn({ err: error }, 'writes fail')
      // Anybody may ask here, so the message of the database stays in the log.
      const why = sqlstate === diskFull ? 'the disk of the database is full' : 'the log says why'
      throw problem('database-unavailable', `Reads work, but writes fail: ${why}.`)
    }
  }
}, { name: 'health' })

const readOnly = '25006'
const diskFull = '53100'
