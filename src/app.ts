import accepts from '@fastify/accepts'
import cors from '@fastify/cors'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import type { Config } from './config.ts'
import { components } from './contract/openapi.ts'
import { redactKeys } from './domain/keys.ts'
import { type Estimator, openEstimator } from './estimation/estimator.ts'
import { type Learner, openLearner } from './estimation/learner.ts'
import { openWatch, type Watch } from './estimation/watch.ts'
import { admission } from './plugins/admission.ts'
import { auth } from './plugins/auth.ts'
import { bodyParsers } from './plugins/body-parsers.ts'
import { bookmarks } from './plugins/bookmarks.ts'
import { clientError } from './plugins/client-errors.ts'
import { conditionalWrites } from './plugins/conditional-writes.ts'
import { corsOptions } from './plugins/cors.ts'
import { crossOrigin } from './plugins/cross-origin.ts'
import { docs } from './plugins/docs.ts'
import { dryRuns } from './plugins/dry-runs.ts'
import { errors, frameworkProblem, maxParamLength } from './plugins/errors.ts'
import { etag } from './plugins/etag.ts'
import { favicon } from './plugins/favicon.ts'
import { health } from './plugins/health.ts'
import { labRevision } from './plugins/lab-revision.ts'
import { metrics } from './plugins/metrics.ts'
import { queryEncoding } from './plugins/query-encoding.ts'
import { requestLog } from './plugins/request-log.ts'
import { securityHeaders } from './plugins/security-headers.ts'
import { silentConnections } from './plugins/silent-connections.ts'
import { tableFiles } from './plugins/table-files.ts'
import { traces } from './plugins/traces.ts'
import { compilersFactory } from './plugins/validation.ts'
import { webPages } from './plugins/web-pages.ts'
import { alarmsRoutes } from './routes/alarms/index.ts'
import { arrangementsRoutes } from './routes/arrangements/index.ts'
import { certificateRoutes } from './routes/certificates/index.ts'
import { containersRoutes } from './routes/containers/index.ts'
import { devicesRoutes } from './routes/devices/index.ts'
import { estimatesRoutes } from './routes/estimates/index.ts'
import { eventsRoutes } from './routes/events/index.ts'
import { eventStreamRoutes } from './routes/events/stream.ts'
import { experimentsRoutes } from './routes/experiments/index.ts'
import { experimentTimelineRoutes } from './routes/experiments/timeline.ts'
import { keysRoutes } from './routes/keys/index.ts'
import { labelsRoutes } from './routes/labels/index.ts'
import { labRoutes } from './routes/lab/index.ts'
import { labwareTypesRoutes } from './routes/labware-types/index.ts'
import { movesRoutes } from './routes/moves/index.ts'
import { orchestratorsRoutes } from './routes/orchestrators/index.ts'
import { positionsRoutes } from './routes/positions/index.ts'
import { presentRoutes } from './routes/present/index.ts'
import { processDurationRoutes } from './routes/processes/duration.ts'
import { processesRoutes } from './routes/processes/index.ts'
import { reservationsRoutes } from './routes/reservations/index.ts'
import { searchRoutes } from './routes/search/index.ts'
import { sessionsRoutes, signInRoute } from './routes/sessions/index.ts'
import { stocktakesRoutes } from './routes/stocktakes/index.ts'
import { stepsRoutes } from './routes/steps/index.ts'
import { transfersRoutes } from './routes/transfers/index.ts'
import { webhooksRoutes } from './routes/webhooks/index.ts'
import type { Database } from './store/database.ts'
import { openStore, type Store } from './store/index.ts'
import { type Feed, type FeedTimes, openFeed } from './stream/feed.ts'
import { type Deliveries, type DeliveryTimes, openDeliveries } from './webhooks/deliveries.ts'

declare module 'fastify' {
  interface FastifyInstance { database: Database, store: Store, estimator: Estimator, learner: Learner, watch: Watch, feed: Feed, deliveries: Deliveries }
  interface FastifyContextConfig { operationId?: string }
}

/** Far more than the clients of a lab. The timeouts below close idle connections. */
const maxConnections = 5000

/** Builds the Fastify app: plugins first, then the route modules. The order matters. Does not listen. */
export async function buildApp (
  config: Config,
  { database, log, streamTimes = {}, deliveryTimes = {}, watchEveryMs, minRevisionWaitMs: waitMs, fileStallMs }: {
    database: Database, log: FastifyBaseLogger
    streamTimes?: Partial<FeedTimes>, deliveryTimes?: Partial<DeliveryTimes>, watchEveryMs?: number, minRevisionWaitMs?: number, fileStallMs?: number
  }
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: log,
    logController: requestLog(),
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: config.requestTimeoutMs,
    // Node uses the longer of headersTimeout and requestTimeout for the whole request.
    http: { connectionsCheckingInterval: Math.min(30_000, config.requestTimeoutMs / 2), headersTimeout: Math.min(60_000, config.requestTimeoutMs) },
    ...config.trustProxy.length === 0 ? {} : { trustProxy: [...config.trustProxy] },
    requestIdHeader: false,
    genReqId: (request) => requestId(request.headers['x-request-id']),
    routerOptions: { maxParamLength },
    schemaController: { compilersFactory },
    frameworkErrors: frameworkProblem,
    clientErrorHandler: clientError,
    forceCloseConnections: 'idle',
    return503OnClosing: false
  })

  // A connection takes memory even when it is idle. Node.js closes further connections.
  app.server.maxConnections = maxConnections
  app.decorate('database', database)
  app.decorate('store', openStore(database))
  app.decorate('estimator', openEstimator(database))
  // process/start.ts starts the learner, the watch and the deliveries when the app listens.
  app.decorate('learner', openLearner(database, log, { onLearnt: ({ coverage }) => app.metrics.learnt(coverage) }))
  app.decorate('watch', openWatch(database, log, watchEveryMs))
  app.decorate('deliveries', openDeliveries(database, log, deliveryTimes))
  app.addHook('preClose', async () => { await Promise.all([app.learner.stop(), app.watch.stop(), app.deliveries.stop()]) })
  app.decorate('feed', openFeed({ eventLog: app.store.eventLog, keys: app.store.keys, sessions: app.store.sessions, log, auth: config.auth, maxStreams: config.maxStreams, times: streamTimes }))
  app.addHook('preClose', async () => await app.feed.close())
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })

  for (const schema of components) app.addSchema(schema)
  await app.register(silentConnections)
  await app.register(traces)
  await app.register(securityHeaders)
  if (config.corsOrigins.length > 0) await app.register(cors, corsOptions(config.corsOrigins))
  await app.register(errors)
  await app.register(crossOrigin, { corsOrigins: config.corsOrigins })
  const { auth: mode, host, rateLimitPerMinute } = config
  await app.register(auth, { auth: mode, host, rateLimitPerMinute, keys: app.store.keys, sessions: app.store.sessions })
  await app.register(accepts)
  await app.register(queryEncoding)
  await app.register(bodyParsers, { bodyLimitBytes: config.bodyLimitBytes })
  await app.register(etag)
  // Before conditionalWrites, so that it undoes only the command: a dry run with a key is remembered as other writes are.
  await app.register(dryRuns)
  await app.register(conditionalWrites)
  await app.register(admission, { poolMax: config.databasePoolMax, connectTimeoutMs: config.databaseConnectTimeoutMs })
  await app.register(tableFiles, { ...fileStallMs === undefined ? {} : { stallMs: fileStallMs } })
  await app.register(labRevision, { ...waitMs === undefined ? {} : { waitMs } })
  await app.register(docs)
  await app.register(metrics)
  await app.register(webPages, { frameAncestors: config.frameAncestors })
  await app.register(favicon)
  await app.register(bookmarks)
  await app.register(health)

  await app.register(presentRoutes)
  await app.register(labRoutes, { prefix: '/api' })
  await app.register(devicesRoutes, { prefix: '/api' })
  await app.register(positionsRoutes, { prefix: '/api' })
  await app.register(certificateRoutes, { prefix: '/api' })
  await app.register(labwareTypesRoutes, { prefix: '/api' })
  await app.register(containersRoutes, { prefix: '/api' })
  await app.register(movesRoutes, { prefix: '/api' })
  await app.register(transfersRoutes, { prefix: '/api' })
  await app.register(arrangementsRoutes, { prefix: '/api' })
  await app.register(stocktakesRoutes, { prefix: '/api' })
  await app.register(labelsRoutes, { prefix: '/api' })
  await app.register(reservationsRoutes, { prefix: '/api' })
  await app.register(processesRoutes, { prefix: '/api' })
  await app.register(processDurationRoutes, { prefix: '/api' })
  await app.register(experimentTimelineRoutes, { prefix: '/api' })
  await app.register(searchRoutes, { prefix: '/api' })
  await app.register(experimentsRoutes, { prefix: '/api' })
  await app.register(stepsRoutes, { prefix: '/api' })
  await app.register(orchestratorsRoutes, { prefix: '/api' })
  await app.register(alarmsRoutes, { prefix: '/api' })
  await app.register(estimatesRoutes, { prefix: '/api' })
  await app.register(eventsRoutes, { prefix: '/api' })
  await app.register(eventStreamRoutes, { prefix: '/api' })
  await app.register(webhooksRoutes, { prefix: '/api' })
  await app.register(keysRoutes, { prefix: '/api' })
  await app.register(sessionsRoutes, { prefix: '/api' })
  await app.register(signInRoute)
  return app
}

// Uses the id of the client if it is safe in a log line. Otherwise creates a UUID of version 7, so that the index on the requests of the log grows
// at one end: with random ids each event touched another page of it, half of what a command wrote. The random part is Node's, from cached bytes,
// because the usual generator needs a system call for each id, which costs 4 us per request.
function requestId (given: string | string[] | undefined): string {
  if (typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) && redactKeys(given) === given) return given
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}
