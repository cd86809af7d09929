import cors from '@fastify/cors'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from './config.ts'
import { type Estimator, openEstimator } from './estimation/estimator.ts'
import { access } from './plugins/auth.ts'
import { bodies } from './plugins/body-parsers.ts'
import { clientError } from './plugins/client-errors.ts'
import { corsOptions } from './plugins/cors.ts'
import { docs } from './plugins/docs.ts'
import { errors, frameworkProblem, maxParamLength } from './plugins/errors.ts'
import { etag } from './plugins/etag.ts'
import { guardedWrites } from './plugins/conditional-writes.ts'
import { health } from './plugins/health.ts'
import { protection } from './plugins/security-headers.ts'
import { requestLog } from './plugins/request-log.ts'
import { parameters } from './plugins/query-encoding.ts'
import { components } from './contract/openapi.ts'
import { compilersFactory } from './plugins/validation.ts'
import { containers } from './routes/containers/index.ts'
import { moves } from './routes/moves/index.ts'
import { certificate } from './routes/certificates/index.ts'
import { devices } from './routes/devices/index.ts'
import { positions } from './routes/positions/index.ts'
import { events } from './routes/events/index.ts'
import { estimates } from './routes/estimates/index.ts'
import { experiments } from './routes/experiments/index.ts'
import { keys } from './routes/keys/index.ts'
import { lab } from './routes/lab/index.ts'
import { processDuration } from './routes/processes/duration.ts'
import { processes } from './routes/processes/index.ts'
import { reservations } from './routes/reservations/index.ts'
import { steps } from './routes/steps/index.ts'
import { transfers } from './routes/transfers/index.ts'
import type { Database } from './store/database.ts'
import { openStore, type Store } from './store/index.ts'

declare module 'fastify' {
  interface FastifyInstance { database: Database, store: Store, estimator: Estimator }
  interface FastifyContextConfig { operationId?: string }
}

/** The app of this service: an instance with the types of the schemas. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>

/** Builds the app on an opened database: plugins first, then the route modules, in order. Does not listen. */
export async function buildApp (config: Config, { database, log }: { database: Database, log: FastifyBaseLogger }): Promise<App> {
  const app: App = Fastify({
    loggerInstance: log,
    logController: requestLog(),
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: config.requestTimeoutMs,
    // Node takes the longer of the two for the whole request, whichever it was meant for
    http: { connectionsCheckingInterval: Math.min(30_000, config.requestTimeoutMs / 2), headersTimeout: Math.min(60_000, config.requestTimeoutMs) },
    requestIdHeader: false,
    genReqId: (request) => requestId(request.headers['x-request-id']),
    routerOptions: { maxParamLength },
    schemaController: { compilersFactory },
    frameworkErrors: frameworkProblem,
    clientErrorHandler: clientError,
    forceCloseConnections: 'idle',
    return503OnClosing: false
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.decorate('database', database)
  app.decorate('store', openStore(database))
  app.decorate('estimator', openEstimator(database))
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })

  for (const schema of components) app.addSchema(schema)
  await app.register(protection)
  if (config.corsOrigins.length > 0) await app.register(cors, corsOptions(config.corsOrigins))
  await app.register(errors)
  await app.register(access, { auth: config.auth, host: config.host, rateLimitPerMinute: config.rateLimitPerMinute, keys: app.store.keys })
  await app.register(parameters)
  await app.register(bodies)
  await app.register(etag)
  await app.register(guardedWrites)
  await app.register(docs)
  await app.register(health)

  await app.register(lab, { prefix: '/api' })
  await app.register(devices, { prefix: '/api' })
  await app.register(positions, { prefix: '/api' })
  await app.register(certificate, { prefix: '/api' })
  await app.register(containers, { prefix: '/api' })
  await app.register(moves, { prefix: '/api' })
  await app.register(transfers, { prefix: '/api' })
  await app.register(reservations, { prefix: '/api' })
  await app.register(processes, { prefix: '/api' })
  await app.register(processDuration, { prefix: '/api' })
  await app.register(experiments, { prefix: '/api' })
  await app.register(steps, { prefix: '/api' })
  await app.register(estimates, { prefix: '/api' })
  await app.register(events, { prefix: '/api' })
  await app.register(keys, { prefix: '/api' })
  return app
}

// A caller's own id is taken over when it can stand in a log line; otherwise the request gets one: of version 4, which
// Node makes from random bytes that it keeps in store; a 7 asks the system for them each time, 4 us of every request.
function requestId (given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID()
}
