import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../contract/common.ts'
import { problems } from '../../contract/problem-responses.ts'
import { SearchQuery, SearchResult } from '../../contract/search.ts'

/** What a text can mean. */
export const searchRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/search', {
    schema: {
      operationId: 'search', tags: ['search'], summary: 'Find what a text means',
      description: [
        'Finds containers by barcode, former barcode and name; devices, experiments, processes and steps by name; slots by device and slot (`Hotel1 5`, `Hotel1:5`); all of them by id; and what a request changed by its id.',
        'A name or barcode may be only its beginning. Upper and lower case differ, except in names of devices and in barcodes on the platform. What is on the platform comes before what was removed.'
      ].join(' '),
      querystring: SearchQuery,
      response: { 200: ref(SearchResult), ...problems() }
    }
  }, async ({ query }) => ({ items: await app.store.search.find(query) }))
}
