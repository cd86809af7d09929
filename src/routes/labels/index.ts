import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ContainerChanges, DryRunQuery } from '../../contract/arrangements.ts'
import { inSchemaOrder, noQuery, ref } from '../../contract/common.ts'
import { Container } from '../../contract/containers.ts'
import { Lookup, LookupItems, Relabelling } from '../../contract/labels.ts'
import { bodyProblems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'

/** The labels of containers: new ones, and whose they are or were. */
export const labelsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.post('/containers/relabel', {
    config: { body: 'medium' },
    schema: {
      operationId: 'relabelContainers', tags: ['containers'], summary: 'Record new labels of up to 1,000 containers',
      description: [
        'Gives containers new barcodes, all at once and all or none, so that two labels can be swapped. A name that was made from the former label follows it.',
        'The service remembers former labels: whoever asks for one is told which container has had it, and where that is. With `dry_run`, returns every problem and every change, and changes nothing.'
      ].join(' '),
      querystring: DryRunQuery, body: ref(Relabelling),
      response: { 200: ref(ContainerChanges), ...bodyProblems('container-not-found', 'container-removed', 'barcode-in-use') }
    }
  }, async (request) => await store.labels.relabel(request.body, request.query.dry_run ?? false, auditOf(request)))

  app.post('/containers/lookup', {
    config: { body: 'medium', scope: 'read', read: 'large' },
    schema: {
      operationId: 'lookUpContainers', tags: ['containers'], summary: 'Find the containers of up to 1,000 barcodes',
      description: 'Returns for each barcode, in order, the container that has it, or the containers that had it: removed ones, and those that have another label now.',
      querystring: noQuery, body: ref(Lookup),
      response: { 200: ref(LookupItems), ...bodyProblems() }
    }
  }, async ({ body }) => {
    const items = await store.labels.lookup(body.barcodes)
    return { items: items.map((item) => ({ ...item, containers: item.containers.map((container) => inSchemaOrder(Container, container)!) })) }
  })
}
