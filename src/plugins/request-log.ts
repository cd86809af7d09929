import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { Socket } from 'node:net'
import { redactMessage, redactUrl } from '../domain/keys.ts'

declare module 'fastify' {
  /** The stream that the request opened, for the log: why it ended, up to which revision it came, and its number of frames. */
  interface FastifyRequest { streamed?: { readonly ended: string | null, readonly cursor: number, readonly frames: number } }
}

/** URLs in the log are cut at this length. A URL can have up to 16 KiB. */
const maxUrlLength = 2000
/** Details can quote names from the request. */
const maxDetailLength = 500

/**
 * Logs one line for each request, when the response was sent or the client disconnected. Fastify logs two lines, and none
 * when the client disconnects. A listener for the end of each response would add a tenth to the work of a read, so this uses
 * Fastify's own completion hook, and one `close` listener for each connection.
 */
export function requestLog (): LogController {
  const controller = new LogController({ requestIdLogLabel: 'request_id' })
  const openReplies = new WeakMap<Socket, Set<FastifyReply>>()

  // Fastify calls this for every request, also when it fails before routing.
  controller.incomingRequest = (request, reply) => {
    const { socket } = request.raw
    let replies = openReplies.get(socket)
    if (replies === undefined) {
      const repliesOfSocket = replies = new Set<FastifyReply>()
      openReplies.set(socket, repliesOfSocket)
      socket.once('close', () => {
        // A stream ends when its reader leaves. Nothing was aborted.
        for (const reply of repliesOfSocket) logRequest(reply, reply.request.streamed === undefined ? 'request aborted' : 'stream ended')
        repliesOfSocket.clear()
      })
    }
    replies.add(reply)
    // Fastify does not report the completion of requests that cannot be routed. They have no parameters.
    if (request.params === null) reply.raw.once('finish', () => controller.requestCompleted(null, request, reply))
  }
  controller.requestCompleted = (error, request, reply) => {
    if (error) reply.log.error({ err: error }, 'response not sent')
    if (openReplies.get(request.raw.socket)?.delete(reply)) logRequest(reply, reply.request.streamed === undefined ? 'request completed' : 'stream ended', reply.statusCode)
  }
  return controller
}

function logRequest (reply: FastifyReply, message: string, status?: number): void {
  const { method, url, routeOptions, actor, refusal, streamed, file } = reply.request
  reply.log.info({
    operation_id: routeOptions.schema?.operationId, actor: actor ?? undefined, method,
    url: redactUrl(url, parametersOf(reply.request)).slice(0, maxUrlLength), duration_ms: Math.round(reply.elapsedTime * 10) / 10, status,
    ...refusal === undefined ? {} : { code: refusal.code, detail: redactMessage(refusal.message).slice(0, maxDetailLength) },
    ...streamed === undefined ? {} : { reason: streamed.ended ?? 'closed', revision: streamed.cursor, frames: streamed.frames },
    ...file === undefined ? {} : { rows: file.rows }
  }, message)
}

const parameters = new WeakMap<object, ReadonlySet<string>>()

/** The names of the query parameters of the route; null if no route matches. */
export function parametersOf ({ is404, routeOptions }: FastifyRequest): ReadonlySet<string> | null {
  const { schema } = routeOptions
  if (is404 || schema === undefined) return null
  let known = parameters.get(schema)
  if (known === undefined) parameters.set(schema, known = new Set(Object.keys((schema.querystring as { properties?: object } | undefined)?.properties ?? {})))
  return known
}
