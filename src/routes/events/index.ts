import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../contract/common.ts'
import { EventPage, EventQuery } from '../../contract/events.ts'
import { problems } from '../../contract/problem-responses.ts'

/** The log of all that changed. */
export const eventsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/events', {
    schema: {
      operationId: 'listEvents', tags: ['events'], summary: 'Read the log',
      description: [
        'Every change of the tracked world, and who asked for it. `container` finds those of all containers that have or had the barcode, or of the one with the id;',
        '`device` those of the device, and of the containers and lids that came to it or left it. Whoever remembers the last revision reads on with `after`.'
      ].join(' '),
      querystring: EventQuery,
      response: { 200: ref(EventPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.events.list(query))
}
