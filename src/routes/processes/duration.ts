import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../contract/common.ts'
import { problems } from '../../contract/problem-responses.ts'
import { ProcessDuration, ProcessDurationQuery } from '../../contract/process-duration.ts'
import { ProcessParams } from '../../contract/processes.ts'

/** How long whole runs take. */
export const processDurationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/processes/:id/duration', {
    schema: {
      operationId: 'getProcessDuration', tags: ['estimates'], summary: 'How long will a run of this process take',
      description: 'By the spans of its past runs: completed ones, and those where nothing runs and nothing was done for an hour. Aborted ones do not count.',
      params: ProcessParams, querystring: ProcessDurationQuery,
      response: { 200: ref(ProcessDuration), ...problems('process-not-found') }
    }
  }, async ({ params, query }) => await app.estimator.estimateProcess(params.id, query.confidence))
}
