import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { noQuery, ref } from '../../contract/common.ts'
import {
  Calibration, CalibrationQuery, Estimate, EstimateBatch, EstimateBatchRequest, EstimateRequest, RemainingEstimates, RemainingRequest
} from '../../contract/estimates.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'

/** How long the next steps will take. */
export const estimatesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { estimator } = app

  app.post('/estimates', {
    config: { scope: 'read' },
    schema: {
      operationId: 'estimateStep', tags: ['estimates'], summary: 'How long will this step take',
      description: 'By the recent steps that are most like it. The answer explains itself; nothing is changed.',
      querystring: noQuery, body: ref(EstimateRequest),
      response: { 200: ref(Estimate), ...bodyProblems() }
    }
  }, async ({ body: { step, ...asked } }) => await estimator.estimateStep(step, asked))

  app.post('/estimates/batch', {
    config: { scope: 'read' },
    schema: {
      operationId: 'estimateSteps', tags: ['estimates'], summary: 'How long will these steps take',
      description: 'Up to 5,000 steps in one look at the history, answered in the same order. With `total`, also the time of all together.',
      querystring: noQuery, body: ref(EstimateBatchRequest),
      response: { 200: ref(EstimateBatch), ...bodyProblems() }
    }
  }, async ({ body: { steps, ...asked } }) => await estimator.estimateSteps(steps, asked))

  app.post('/estimates/remaining', {
    config: { scope: 'read' },
    schema: {
      operationId: 'estimateRemaining', tags: ['estimates'], summary: 'How much longer will these running steps take',
      description: 'Given the time already elapsed: only comparable steps that took longer than that are looked at. Beyond all of them the step is overdue.',
      querystring: noQuery, body: ref(RemainingRequest),
      response: { 200: ref(RemainingEstimates), ...bodyProblems('step-not-found', 'step-ended', 'experiment-not-found') }
    }
  }, async ({ body }) => ({ items: await estimator.estimateRemaining(body) }))

  app.get('/estimates/calibration', {
    schema: {
      operationId: 'getCalibration', tags: ['estimates'], summary: 'Were the promises kept',
      description: 'Replays the newest steps as they would have been estimated (those of an experiment when it began), with the history of that time, and compares with what happened.',
      querystring: CalibrationQuery,
      response: { 200: ref(Calibration), ...problems() }
    }
  }, async ({ query }) => await estimator.calibrate(query))
}
