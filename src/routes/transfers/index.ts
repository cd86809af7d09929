import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { inSchemaOrder, ref } from '../../contract/common.ts'
import { Container } from '../../contract/containers.ts'
import { bodyProblems, placementProblems } from '../../contract/problem-responses.ts'
import { Step } from '../../contract/steps.ts'
import { Transfer, TransferBatch, TransferItems, TransferQuery, TransferResult } from '../../contract/transfers.ts'
import { auditOf } from '../audit.ts'

const refusals = [
  'container-not-found', 'container-removed', 'source-empty', 'source-mismatch', ...placementProblems, 'barcode-in-use', 'lid-mismatch', 'id-in-use'
] as const

/** What a robot did in one go, booked in one go. */
export const transfersRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.post('/transfers', {
    schema: {
      operationId: 'transferContainer', tags: ['transfers'], summary: 'Book what a robot did, in one go',
      description: [
        'Place, lid, barcode and step of one physical operation, all or nothing. It is judged by the state in which it ends: a container may go to the slot that its lid leaves,',
        'and its lid to the slot that it leaves; anything else that is there is in the way.',
        'With `dry_run` it tells everything that stands against it, and changes nothing.'
      ].join(' '),
      querystring: TransferQuery, body: ref(Transfer),
      response: { 200: ref(TransferResult), ...bodyProblems(...refusals) }
    }
  }, async (request) => {
    const [result] = await store.transfers.book([request.body], { batch: false, dryRun: request.query.dry_run ?? false }, auditOf(request))
    return shown(result!)
  })

  app.post('/transfers/batch', {
    schema: {
      operationId: 'transferContainers', tags: ['transfers'], summary: 'Book up to 1,000 transfers, in order',
      description: 'All or none: a later one may use a slot that an earlier one freed, and a refusal names the `index` of the first that fails.',
      querystring: TransferQuery, body: ref(TransferBatch),
      response: { 200: ref(TransferItems), ...bodyProblems(...refusals) }
    }
  }, async (request) => {
    const items = await store.transfers.book(request.body.transfers, { batch: true, dryRun: request.query.dry_run ?? false }, auditOf(request))
    return { items: items.map(shown), revision: items[0]!.revision }
  })
}

function shown (result: TransferResult): TransferResult {
  return { ...result, container: inSchemaOrder(Container, result.container), step: inSchemaOrder(Step, result.step) }
}
