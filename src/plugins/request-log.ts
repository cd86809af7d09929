import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Socket } from 'node:net'
import { redactUrl } from '../domain/keys.ts'

/** A URL may be as long as the head of a request, 16 KiB; a line of the log need not be. */
const longestUrl = 2000

/**
 * One line per request, written when its answer is out or its caller gone; Fastify's own are two, and miss the latter.
 * Listening to each answer's end once more would be a tenth of a read's work, so the end is Fastify's, and what hangs up
 * is the connection.
 */
export function requestLog (): LogController {
  const controller = new LogController({ requestIdLogLabel: 'request_id' })
  const underWay = new WeakMap<Socket, Set<FastifyReply>>()

  // Every request comes through here, also one that fails before it finds a route.
  controller.incomingRequest = (request, reply) => {
    const { socket } = request.raw
    let replies = underWay.get(socket)
    if (replies === undefined) {
      const opened = replies = new Set<FastifyReply>()
      underWay.set(socket, opened)
      socket.once('close', () => {
        for (const reply of opened) tell(reply, 'request aborted')
        opened.clear()
      })
    }
    replies.add(reply)
    // of what cannot be routed, and so has no parameters, Fastify tells no end
    if (request.params === null) reply.raw.once('finish', () => controller.requestCompleted(null, request, reply))
  }
  controller.requestCompleted = (error, request, reply) => {
    if (error) reply.log.error({ err: error }, 'answer not sent')
    if (underWay.get(request.raw.socket)?.delete(reply)) tell(reply, 'request completed', reply.statusCode)
  }
  return controller
}

function tell (reply: FastifyReply, what: string, status?: number): void {
  const { method, url, routeOptions, actor } = reply.request
  reply.log.info({
    operation_id: routeOptions.schema?.operationId, actor: actor ?? undefined, method,
    url: redactUrl(url, parametersOf(reply.request)).slice(0, longestUrl), duration_ms: Math.round(reply.elapsedTime * 10) / 10, status
  }, what)
}

const parameters = new WeakMap<object, ReadonlySet<string>>()

/** The query parameters that a request's route knows; null when it has none. */
export function parametersOf ({ is404, routeOptions }: FastifyRequest): ReadonlySet<string> | null {
  const { schema } = routeOptions
  if (is404 || schema === undefined) return null
  let known = parameters.get(schema)
  if (known === undefined) parameters.set(schema, known = new Set(Object.keys((schema.querystring as { properties?: object } | undefined)?.properties ?? {})))
  return known
}
