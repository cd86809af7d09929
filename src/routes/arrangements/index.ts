import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Arrangement, ContainerChanges, DryRunQuery } from '../../contract/arrangements.ts'
import { ref } from '../../contract/common.ts'
import { bodyProblems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'

/** Arrangements: where many containers are, as a person sees them. */
export const arrangementsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.post('/arrangements', {
    config: { body: 'large' },
    schema: {
      operationId: 'arrangeContainers', tags: ['containers'], summary: 'Record where many containers are',
      description: [
        'Records what a person sees of up to 1,000 containers, either all or nothing. Only the state after it is checked, so containers can change places in any way.',
        'Each container that changes has one event: `corrected`, `missing` or `found`, all with the same revision. Reserved slots can be taken, as by a correction.',
        'A slot that would hold two things is refused, and the response names both. With `dry_run`, returns every problem and every change, and changes nothing.'
      ].join(' '),
      querystring: DryRunQuery, body: ref(Arrangement),
      response: {
        200: ref(ContainerChanges),
        ...bodyProblems('container-not-found', 'container-removed', 'device-not-found', 'position-not-found', 'position-occupied', 'position-disposes')
      }
    }
  }, async (request) => await store.arrangements.arrange(request.body, request.query.dry_run ?? false, auditOf(request)))
}
