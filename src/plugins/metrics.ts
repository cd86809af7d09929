import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { noQuery } from '../contract/common.ts'
import { asExposition } from '../contract/metrics.ts'
import { problems } from '../contract/problem-responses.ts'
import { writeExposition } from '../metrics/exposition.ts'
import type { Metric } from '../metrics/instruments.ts'
import { labMetrics } from '../metrics/lab-metrics.ts'
import { openProcessMetrics, type ProcessMetrics } from '../metrics/process-metrics.ts'
import { readLabFigures } from '../store/lab-figures.sql.ts'

declare module 'fastify' {
  interface FastifyInstance { metrics: ProcessMetrics }
}

/** Counts requests, and serves /metrics for Prometheus. Register it after the documentation, which collects its route, and before the routes whose requests it counts. */
export const metrics = plugin(async (app: FastifyInstance) => {
  const counted = openProcessMetrics()
  app.decorate('metrics', counted)
  app.addHook('onClose', async () => counted.stop())
  app.addHook('onResponse', (request, reply, done) => {
    // A stream was counted when it began, because most end without a response that is complete.
    if (request.streamed === undefined) counted.request(request.routeOptions.schema?.operationId ?? 'none', reply.statusCode, request.file === undefined ? reply.elapsedTime / 1000 : null)
    if (request.sqlstate !== undefined) counted.databaseFaults.add({ sqlstate: request.sqlstate })
    done()
  })

  // Several Prometheus servers that ask at the same time share one read.
  let reading: Promise<Metric[]> | null = null
  const labFigures = async (): Promise<Metric[]> => await (reading ??= readLab().finally(() => { reading = null }))

  /** Without its database, the service still says how it is itself. */
  async function readLab (): Promise<Metric[]> {
    const up = (value: 0 | 1): Metric => ({ name: 'platform_status_database_up', type: 'gauge', help: 'Whether the database answered: 1 or 0.', samples: [{ labels: {}, value }] })
    try {
      const figures = await app.database.largeReads(async () => await readLabFigures(app.database.pool))
      return [up(1), ...labMetrics(figures)]
    } catch (error) {
      app.log.warn({ err: error }, 'metrics: the database does not respond')
      return [up(0)]
    }
  }

  function poolMetric (): Metric {
    const { options, totalCount, idleCount, waitingCount } = app.database.pool
    const counts = { max: options.max, open: totalCount, idle: idleCount, waiting: waitingCount }
    return {
      name: 'platform_status_database_connections', type: 'gauge', help: 'Connections to the database: the limit (`max`), `open` and `idle` ones; and requests that are `waiting` for one.',
      samples: Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }))
    }
  }

  const streamMetric = (): Metric =>
    ({ name: 'platform_status_streams', type: 'gauge', help: 'Open streams of events at this instance.', samples: [{ labels: {}, value: app.feed.streams }] })

  app.get('/metrics', {
    logLevel: 'warn',
    config: { scope: 'read', openOnLoopback: true },
    schema: {
      operationId: 'getMetrics', tags: ['operations'], summary: 'Read metrics for Prometheus',
      description: 'Text format 0.0.4. Counters are those of this instance since its start; figures of the lab are the same at every instance. Requests from this machine need no key.',
      querystring: noQuery,
      response: { 200: asExposition, ...problems() }
    }
  }, async (_request, reply) => {
    reply.type('text/plain; version=0.0.4; charset=utf-8').header('cache-control', 'no-store')
    return writeExposition([...counted.read(), poolMetric(), streamMetric(), ...await labFigures()])
  })
}, { name: 'metrics' })
