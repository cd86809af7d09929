import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { cloudEvent, cloudEventsType, eventsResponse } from '../../contract/cloud-events.ts'
import { EventQuery } from '../../contract/events.ts'
import { problems } from '../../contract/problem-responses.ts'
import { invalid } from '../../contract/problems.ts'
import { negotiate } from '../negotiate.ts'

/** The event log. */
export const eventsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/events', {
    schema: {
      operationId: 'listEvents', tags: ['events'], summary: 'List events',
      description: [
        'Lists every change of the lab and who made it. `container` finds the events of all containers that have or had this barcode, or of the container with this id.',
        '`device` finds the events of the device, and of containers and lids that arrived on it or left it. To continue from the last revision that you read, use `after`.',
        '`actor` is the name of an API key. `recorded_after` is inclusive, `recorded_before` exclusive.',
        'With `Accept: application/cloudevents-batch+json` the events are CloudEvents, and `Link` has the next page.'
      ].join(' '),
      querystring: EventQuery,
      response: { 200: eventsResponse, ...problems('invalid-cursor') }
    }
  }, async (request, reply) => {
    const type = negotiate(request, reply, ['application/json', cloudEventsType])
    if (type === 'application/json') {
      const { items, ...page } = await store.events.list(request.query)
      return { items: items.map(({ event }) => event), ...page }
    }
    if (request.query.count) throw invalid({ in: 'query', parameter: 'count', detail: 'CloudEvents have no total; omit `count`, or ask for application/json' })
    const { items, next_cursor } = await store.events.list(request.query)
    if (next_cursor !== null) reply.header('link', `<${nextPage(request.url, next_cursor)}>; rel="next"`)
    return items.map(cloudEvent)
  })
}

/** The same URL with another cursor. */
function nextPage (url: string, cursor: string): string {
  const { pathname, searchParams } = new URL(url, 'http://lab')
  searchParams.set('cursor', cursor)
  return `${pathname}?${searchParams.toString()}`
}
