import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { withoutKeys } from '../domain/keys.ts'

/** A URL may be as long as the head of a request, 16 KiB; a line of the log need not be. */
const longestUrl = 2000

/** One line per request, written when its answer is out or its caller gone; Fastify's own are two, and miss the latter. */
export function requestLog (): LogController {
  const controller = new LogController({ requestIdLogLabel: 'request_id' })

  // Every request comes through here, also one that fails before it finds a route; `close` comes after every end.
  controller.incomingRequest = (request, reply) => {
    const began = performance.now()
    reply.raw.once('close', () => tell(request, reply, performance.now() - began))
  }
  controller.requestCompleted = (error, _request, reply) => {
    if (error) reply.log.error({ err: error }, 'answer not sent')
  }
  return controller
}

function tell (request: FastifyRequest, reply: FastifyReply, milliseconds: number): void {
  const { method, url, routeOptions, actor } = request
  const fields = {
    operation_id: routeOptions.schema?.operationId, actor: actor ?? undefined, method,
    url: withoutKeys(url).slice(0, longestUrl), duration_ms: Math.round(milliseconds * 10) / 10
  }
  if (reply.raw.writableFinished) request.log.info({ ...fields, status: reply.statusCode }, 'request completed')
  else request.log.info(fields, 'request aborted')
}
