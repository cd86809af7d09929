import { availableParallelism } from 'node:os'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import plugin from 'fastify-plugin'
import { problem } from '../contract/problems.ts'
import { connectWithin, withConnectLimit } from '../store/connect-within.ts'
import { largeReadConnections } from '../store/database.ts'
import { isStatementTimeout } from '../store/errors.ts'
import { LargeRead, type ReadSize } from '../store/read-size.ts'
import { fairGate } from './fair-gate.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How much a read can cost, if that does not follow from the query; see `costOf`. A route outside /api that reads the lab must say it. */
    read?: 'small' | 'large'
  }
  interface FastifyRequest {
    /** How much the request may read in the place that it has. */
    readSize: ReadSize
  }
  interface FastifyInstance {
    /** Runs a large read in its turn, for a response that needs several: between them, others have theirs. `waitMs` is how long it waits. */
    largeReadOf<T> (request: FastifyRequest, run: () => Promise<T>, waitMs: number): Promise<T>
  }
}

/** The default `limit` of lists. A page of this length costs little. */
const ordinaryPage = 50
/** How long a large read waits for its turn. */
const largeReadWaitMs = 2000
/** Connections that writes cannot take, so that small reads do not wait while writes wait for each other. */
const readConnections = 4
/** While robots write to this instance, no more reads are in the database at once than leave them time: a write waits for each of them. */
const besideWrites = { small: Math.max(2, availableParallelism()), large: Math.max(1, availableParallelism() - 1) }
/** How long after a write robots count as writing. */
const writingMs = 1000
/** After its turn, a request has at least this long for a connection, so that it can take a free one. */
const leastConnectMs = 100

type Cost = 'write' | 'small' | 'large'

/**
 * Keeps robots fast. Writes, small reads and large reads have places of their own, so none of them can take all connections or
 * fill the event loop. Other requests wait, and the actors take turns. Large reads also have connections of their own, with
 * less time for a statement. Reads have fewer places while robots write.
 */
export const admission = plugin(async (app: FastifyInstance, { poolMax, connectTimeoutMs }: { poolMax: number, connectTimeoutMs: number }) => {
  const busy = 'The service is busy with other requests. Retry in one second.'
  const reads = Math.max(1, Math.min(readConnections, Math.floor(poolMax / 2)))
  let writes = 0
  let lastWrite = -Infinity
  const robotsWrite = (): boolean => writes > 0 || performance.now() - lastWrite < writingMs
  const places = (alone: number, besideWrites: number) => () => robotsWrite() ? Math.min(alone, besideWrites) : alone
  const gates = {
    write: fairGate(() => Math.max(1, poolMax - reads), connectTimeoutMs, busy),
    small: fairGate(places(reads, besideWrites.small), connectTimeoutMs, busy),
    large: fairGate(places(largeReadConnections, besideWrites.large), Math.min(largeReadWaitMs, connectTimeoutMs), 'Other large reads are still running. Retry in one second.')
  }

  // The reads that wait then have all places again.
  const writingEnds = setTimeout(() => {
    gates.small.fill()
    gates.large.fill()
  }, writingMs + 1).unref()
  app.addHook('onClose', async () => { clearTimeout(writingEnds) })

  app.decorateRequest('readSize', 'any')

  async function written<T> (write: () => Promise<T>): Promise<T> {
    writes += 1
    try {
      return await write()
    } finally {
      writes -= 1
      lastWrite = performance.now()
      writingEnds.refresh()
    }
  }

  const actorOf = ({ actor, ip }: FastifyRequest): string => actor ?? ip

  app.decorate('largeReadOf', async (request, run, waitMs) => await gates.large.run(actorOf(request), async () => await largeRead(run), waitMs))

  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/') && route.config?.read === undefined) return
    const { handler } = route
    route.handler = async function (request, reply) {
      const answer = async (): Promise<unknown> => await (handler.call(this, request, reply))
      const admit = async (cost: Cost): Promise<unknown> => await gates[cost].run(actorOf(request), async (waitedMs) => {
        const run = cost === 'write' ? async () => await written(answer) : answer
        request.readSize = cost === 'small' ? 'small' : 'any'
        const connectMs = Math.max(leastConnectMs, connectTimeoutMs - waitedMs)
        if (cost === 'large') return await largeRead(waitedMs === 0 ? run : async () => await withConnectLimit(connectMs, run))
        return await (waitedMs === 0 ? run() : connectWithin(app.database.pool, connectMs, run))
      })
      try {
        return await admit(costOf(route, request))
      } catch (error) {
        // It has left its place among the small reads, so they do not wait while it waits among the large ones.
        if (error instanceof LargeRead) return await admit('large')
        throw error
      }
    }
  })

  async function largeRead<T> (run: () => Promise<T>): Promise<T> {
    try {
      return await app.database.largeReads(run)
    } catch (error) {
      if (!isStatementTimeout(error)) throw error
      throw Object.assign(problem('too-busy', 'This read took too long and was cancelled. Ask for less: a shorter time range, more filters, no count.'), { cause: error })
    }
  }
}, { name: 'admission' })

/**
 * Robots ask for small reads all the time. Only what can take long is large: earlier states, counts, sorting by duration, long pages, and what its
 * route calls so. A read whose size is in the database is small until it finds that it is large (`LargeRead`).
 */
function costOf ({ config }: RouteOptions, { method, query }: FastifyRequest): Cost {
  const isGet = method === 'GET' || method === 'HEAD'
  if (!isGet && config?.scope !== 'read') return 'write'
  const { limit, count, at, sort } = query as { limit?: number, count?: boolean, at?: string, sort?: string }
  if (at !== undefined || count === true || sort?.endsWith('duration')) return 'large'
  return config?.read ?? ((limit ?? 0) > ordinaryPage ? 'large' : 'small')
}
