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

/** Transfers: a move, its lid action, the barcode that was read, and its step, recorded in one call. */
export const transfersRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.post('/transfers', {
    schema: {
      operationId: 'transferContainer', tags: ['transfers'], summary: 'Record a transfer',
      description: [
        'Records place, lid, barcode and step of one physical operation, either all or nothing. Only the state after the transfer is checked: a container may go to the slot that its lid leaves,',
        'and the lid to the slot that the container leaves.',
        'A retry with the `id` of its step returns the first response and changes nothing, whatever happened since.',
        'If the target disposes (waste), the container is off the platform afterwards.',
        'With `dry_run`, returns every problem of the transfer and changes nothing.'
      ].join(' '),
      querystring: TransferQuery, body: ref(Transfer),
      response: { 200: ref(TransferResult), ...bodyProblems(...refusals) }
    }
  }, async (request) => {
    const [result] = await store.transfers.book([request.body], { batch: false, dryRun: request.query.dry_run ?? false }, auditOf(request))
    return inContractOrder(result!)
  })

  app.post('/transfers/batch', {
    config: { body: 'large' },
    schema: {
      operationId: 'transferContainers', tags: ['transfers'], summary: 'Record up to 1,000 transfers',
      description: 'Records the transfers in the order of the request, either all or none. A transfer can use a slot that an earlier one has freed. A refusal has the `index` of the first transfer that failed.',
      querystring: TransferQuery, body: ref(TransferBatch),
      response: { 200: ref(TransferItems), ...bodyProblems(...refusals) }
    }
  }, async (request) => {
    const items = await store.transfers.book(request.body.transfers, { batch: true, dryRun: request.query.dry_run ?? false }, auditOf(request))
    return { items: items.map(inContractOrder), revision: Math.max(...items.map(({ revision }) => revision)) }
  })
}

function inContractOrder (result: TransferResult): TransferResult {
  return { ...result, container: inSchemaOrder(Container, result.container), step: inSchemaOrder(Step, result.step) }
}
