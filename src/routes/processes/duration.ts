import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../contract/common.ts'
import { problems } from '../../contract/problem-responses.ts'
import { ProcessDuration, ProcessDurationQuery } from '../../contract/process-duration.ts'
import { ProcessParams } from '../../contract/processes.ts'

/** Estimates of experiment durations. */
export const processDurationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/processes/:id/duration', {
    config: { read: 'large' },
    schema: {
      operationId: 'getProcessDuration', tags: ['estimates'], summary: 'Estimate the duration of an experiment',
      description: 'Estimates the duration from past experiments of the process: completed ones, and those without a running step and without any step in the last hour. Aborted experiments are ignored.',
      params: ProcessParams, querystring: ProcessDurationQuery,
      response: { 200: ref(ProcessDuration), ...problems('process-not-found') }
    }
  }, async ({ params, query }) => await app.estimator.estimateProcess(params.id, query.confidence))
}
