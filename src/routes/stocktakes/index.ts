import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DryRunQuery } from '../../contract/arrangements.ts'
import { noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { Stocktake, StocktakePage, StocktakeParams, StocktakeQuery, StocktakeRecord, StocktakeResult } from '../../contract/stocktakes.ts'
import { auditOf } from '../audit.ts'

/** Stocktakes: what was seen on a device, against what is tracked. */
export const stocktakesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.post('/stocktakes', {
    config: { body: 'medium' },
    schema: {
      operationId: 'takeStock', tags: ['stocktakes'], summary: 'Compare what was seen on a device with what is tracked',
      description: [
        'Compares the plates that somebody saw on a device with what the service tracks, slot by slot. Without `apply` nothing is changed.',
        'With `apply` the lab becomes as it was seen, as by an arrangement and in one revision: what was seen here and is tracked elsewhere, or is missing, is here; what is tracked here and was not seen is missing;',
        'what is unknown is added. A container that is tracked in the slot without a barcode gets the barcode that was read. Parked lids stay, unless a plate was seen in their slot: then nobody knows where the lid is.',
        'A barcode that a container on the platform had before is refused with `apply`: relabel that container first. It is not refused when that container was seen with its own barcode.',
        'A plate in a slot that does not exist, or that disposes, is refused with `apply`. It was seen, so it is not missing.'
      ].join(' '),
      querystring: DryRunQuery, body: ref(Stocktake),
      response: { 200: ref(StocktakeResult), ...bodyProblems('device-not-found', 'position-not-found', 'position-disposes', 'barcode-replaced') }
    }
  }, async (request) => await store.stocktakes.take(request.body, request.query.dry_run ?? false, auditOf(request)))

  app.get('/stocktakes', {
    schema: {
      operationId: 'listStocktakes', tags: ['stocktakes'], summary: 'List the stocktakes that were applied',
      description: 'Lists the stocktakes that were applied, oldest first, also those that changed nothing.',
      querystring: StocktakeQuery,
      response: { 200: ref(StocktakePage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.stocktakes.list(query))

  app.get('/stocktakes/:id', {
    config: { etag: true },
    schema: {
      operationId: 'getStocktake', tags: ['stocktakes'], summary: 'Read a stocktake with its findings',
      description: 'Returns a stocktake that was applied, with what was seen and what was tracked at that time.',
      params: StocktakeParams, querystring: noQuery,
      response: { 200: ref(StocktakeRecord), ...problems('stocktake-not-found') }
    }
  }, async ({ params }) => await store.stocktakes.read(params.id))
}
