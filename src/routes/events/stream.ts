import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { problems } from '../../contract/problem-responses.ts'
import { invalid } from '../../contract/problems.ts'
import { largestRevisionNumber, streamResponse, StreamQuery } from '../../contract/stream.ts'

/** How long a reader that has read more than a standby has waits for the standby. Then the log has gone back. */
const standbyWaitMs = 2000

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // nginx passes each frame on at once
  'x-accel-buffering': 'no'
}

/** The event log as a stream of Server-Sent Events. */
export const eventStreamRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store, feed } = app

  app.get('/events/stream', {
    config: { resumes: true },
    schema: {
      operationId: 'streamEvents', tags: ['events'], summary: 'Follow the event log',
      description: [
        'Sends every change of the lab as it happens, as Server-Sent Events: one frame for each revision, in order, none twice and none left out. First read the lab (`GET /api/lab`); then follow it from its `revision` with `after`.',
        'After a lost connection, send the `id` of the last frame as `Last-Event-ID` or as `after`. Any revision from 0 on works, at every instance. With filters, a frame has all events of a revision of which one fits all filters. They find what the same filters of `GET /api/events` find.',
        'A `heartbeat` comes every 15 seconds. `reset` says that the log was replaced by a backup: read the lab again. `bye` says that the stream ends: connect again.',
        'A reader that leaves more than 1 MiB unread is disconnected.'
      ].join('\n\n'),
      querystring: StreamQuery,
      response: { 200: streamResponse, ...problems('device-not-found', 'container-not-found', 'experiment-not-found', 'too-many-streams') }
    }
  }, async (request, reply) => {
    const { after: afterQuery, ...named } = request.query
    const after = larger(afterQuery, lastEventId(request))
    const leave = feed.reserve()
    try {
      const opened = await store.eventLog.open(named)
      let { head } = opened
      // What a standby has not received yet is not lost.
      if (opened.standby && after !== null && after > head.revision && await feed.reaches(after, standbyWaitMs)) head = await store.eventLog.head()
      reply.headers(streamHeaders)
      if (request.method === 'HEAD' || request.raw.destroyed) {
        leave()
        return await reply.send('')
      }
      begin(reply)
      const reader = request.streamed = feed.open(reply.raw, { head, after, filter: opened.filter, keyId: request.keyId, sessionId: request.sessionId }, leave)
      app.metrics.request('streamEvents', 200, null)
      request.log.info({ operation_id: 'streamEvents', actor: request.actor ?? undefined, revision: reader.cursor }, 'stream opened')
    } catch (error) {
      leave()
      throw error
    }
    return reply
  })
}

/** From here on, the stream writes the response by itself. */
function begin (reply: FastifyReply): void {
  reply.hijack()
  // The stream is the last response of its connection, so a stop does not wait for more.
  reply.raw.shouldKeepAlive = false
  reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>)
  // Notices a reader whose machine has vanished.
  reply.raw.socket?.setKeepAlive(true, 60_000)
}

function lastEventId ({ headers }: FastifyRequest): number | null {
  const given = headers['last-event-id']
  if (given === undefined) return null
  const revision = typeof given === 'string' && /^\d{1,16}$/.test(given) ? Number(given) : Infinity
  if (revision <= largestRevisionNumber) return revision
  throw invalid({ in: 'headers', parameter: 'Last-Event-ID', detail: `must be the id of a frame: a whole number from 0 to ${largestRevisionNumber}; omit it to begin with what happens next` })
}

function larger (a: number | undefined, b: number | null): number | null {
  return a === undefined ? b : Math.max(a, b ?? 0)
}
