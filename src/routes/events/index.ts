import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../contract/common.ts'
import { EventPage, EventQuery } from '../../contract/events.ts'
import { problems } from '../../contract/problem-responses.ts'

/** The event log. */
export const eventsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/events', {
    schema: {
      operationId: 'listEvents', tags: ['events'], summary: 'List events',
      description: [
        'Lists every change of the lab and who made it. `container` finds the events of all containers that have or had this barcode, or of the container with this id.',
        '`device` finds the events of the device, and of containers and lids that arrived on it or left it. To continue from the last revision that you read, use `after`.',
        '`actor` is the name of an API key. `recorded_after` is inclusive, `recorded_before` exclusive.'
      ].join(' '),
      querystring: EventQuery,
      response: { 200: ref(EventPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.events.list(query))
}
