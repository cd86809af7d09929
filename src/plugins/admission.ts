import type { FastifyInstance, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import plugin from 'fastify-plugin'
import { Problem, problem } from '../contract/problems.ts'
import { isStatementTimeout } from '../store/errors.ts'
import { fairGate } from './fair-gate.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How much a read may cost. Said only where it does not follow from the path; see `costOf`. */
    read?: 'small' | 'large'
  }
}

/** A list of so few things costs no more than one thing. */
const shortList = 10
const largeReads = 2
/** How long a large read waits for its turn. */
const largeReadWaitMs = 1000
/** Connections of the pool that commands cannot take, so that reads go on while commands wait for each other. */
const keptForReads = 4

type Cost = 'write' | 'small' | 'large'

/**
 * Keeps robots first. Commands, small reads and large reads have places of their own, so that none of them can take all
 * connections or fill the event loop. What does not fit waits, and the actors take turns. Large reads also run on
 * connections of their own, with a shorter limit for a statement.
 */
export const admission = plugin(async (app: FastifyInstance, { poolMax, connectTimeoutMs }: { poolMax: number, connectTimeoutMs: number }) => {
  const busy = 'The service is busy with other requests. Try again in a second.'
  const reads = Math.max(1, Math.min(keptForReads, poolMax - 1))
  const gates = {
    write: fairGate(Math.max(1, poolMax - reads), connectTimeoutMs, busy),
    small: fairGate(reads, connectTimeoutMs, busy),
    large: fairGate(largeReads, largeReadWaitMs, 'Other large reads are still running. Try again in a second.')
  }

  app.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/api/')) return
    const { handler } = route
    route.handler = async function (request, reply) {
      const cost = costOf(route, request)
      const run = async (): Promise<unknown> => await (handler.bind(this) as OmitThisParameter<RouteHandlerMethod>)(request, reply)
      return await gates[cost].run(request.actor ?? request.ip, cost === 'large' ? async () => await largeRead(run) : run)
    }
  })

  async function largeRead (run: () => Promise<unknown>): Promise<unknown> {
    try {
      return await app.database.largeReads(run)
    } catch (error) {
      if (!isStatementTimeout(error instanceof Problem ? error.cause : error)) throw error
      throw Object.assign(problem('too-busy', 'This read took too long and was stopped. Ask for less: a shorter time, more filters, no count.'), { cause: error })
    }
  }
}, { name: 'admission' })

/** A read of one thing is small, and so is a short list. All other reads are large, also one that nobody thought about. */
function costOf ({ url, config }: RouteOptions, { method, query }: FastifyRequest): Cost {
  const isRead = method === 'GET' || method === 'HEAD'
  if (!isRead && config?.scope !== 'read') return 'write'
  const { limit, count, at, sort } = query as { limit?: number, count?: boolean, at?: string, sort?: string }
  if (at !== undefined || count === true || sort?.endsWith('duration')) return 'large'
  if (config?.read !== undefined) return config.read
  const isOneThing = /:\w+$/.test(url) || (limit !== undefined && limit <= shortList)
  return isOneThing || !isRead ? 'small' : 'large'
}
