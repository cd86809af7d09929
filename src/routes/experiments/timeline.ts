import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ref } from '../../contract/common.ts'
import { ExperimentParams } from '../../contract/experiments.ts'
import { problems } from '../../contract/problem-responses.ts'
import { ExperimentTimeline, maxTimelineSteps, TimelineQuery } from '../../contract/timelines.ts'

/** Experiments against what was predicted of them. */
export const experimentTimelineRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/experiments/:id/timeline', {
    config: { read: 'large' },
    schema: {
      operationId: 'getExperimentTimeline', tags: ['experiments'], summary: 'Compare an experiment with its predictions',
      description: [
        'Returns the steps of an experiment, each with what was predicted of it when the experiment began (with the history of that time), and how long its containers had waited.',
        `Says when the experiment should end. Of more than ${maxTimelineSteps} steps, the newest are returned.`
      ].join(' '),
      params: ExperimentParams, querystring: TimelineQuery,
      response: { 200: ref(ExperimentTimeline), ...problems('experiment-not-found') }
    }
  }, async ({ params, query }) => await app.estimator.timeline(params.id, query.confidence))
}
