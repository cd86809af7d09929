import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Static } from 'typebox'
import { cloudEvent, cloudEventsType, eventsResponse } from '../../contract/cloud-events.ts'
import { type Event, type EventPage, EventQuery } from '../../contract/events.ts'
import { problems } from '../../contract/problem-responses.ts'
import { invalid } from '../../contract/problems.ts'
import { alsoParquet, parquetType } from '../../contract/table-files.ts'
import { nextPageOf } from '../../plugins/next-page.ts'
import { sendJsonPage } from '../json-page.ts'
import { negotiate } from '../negotiate.ts'

/** The event log. */
export const eventsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/events', {
    schema: {
      operationId: 'listEvents', tags: ['events'], summary: 'List events',
      description: [
        'Lists every change of the lab and who made it. Filters find each event in which what they name takes part.',
        '`container` finds the events of all containers that have or had this barcode, or of the container with this id, and of the steps in which they took part. `experiment` finds those of its steps, too.',
        '`device` finds the events of the device, of its steps, and of containers and lids that arrived on it or left it. Steps that were logged in one batch are one event, which `step` does not find. To continue from the last revision that you read, use `after`.',
        '`actor` is the name of an API key. `recorded_after` is inclusive, `recorded_before` exclusive.',
        'With `Accept: application/cloudevents-batch+json` the events are CloudEvents, and `Link` has the next page.',
        alsoParquet
      ].join(' '),
      querystring: EventQuery,
      response: { 200: eventsResponse, ...problems('invalid-cursor') }
    }
  }, async (request, reply) => {
    const type = negotiate(request, reply, ['application/json', cloudEventsType, parquetType])
    if (type === 'application/json') return sendJsonPage(reply, await store.events.list(request.query))
    // The schema of the response has the file beside the page.
    if (type === parquetType) return await app.sendTable(request, reply, 'events', request.query, async (query) => await store.events.list(query)) as unknown as Static<typeof EventPage>
    if (request.query.count) throw invalid({ in: 'query', parameter: 'count', detail: 'CloudEvents have no total; omit `count`, or ask for application/json' })
    const { items, next_cursor } = await store.events.list(request.query)
    if (next_cursor !== null) reply.header('link', nextPageOf(request.url, next_cursor))
    return items.map(({ json, ...place }) => cloudEvent({ ...place, event: JSON.parse(json) as Event }))
  })
}
