import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { noQuery, ref } from '../../contract/common.ts'
import {
  Calibration, CalibrationQuery, Estimate, EstimateBatch, EstimateBatchRequest, EstimateRequest, RemainingEstimates, RemainingRequest, SamplesQuery
} from '../../contract/estimates.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'

/** Estimates of step durations, and their calibration. */
export const estimatesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { estimator, metrics } = app
  const counted = <E extends { method: string, level: string | null }>(estimate: E): E => {
    metrics.estimates.add({ method: estimate.method, level: estimate.level ?? 'none' })
    return estimate
  }

  app.post('/estimates', {
    config: { scope: 'read' },
    schema: {
      operationId: 'estimateStep', tags: ['estimates'], summary: 'Estimate the duration of a step',
      description: 'Estimates the duration from the recent steps that are most similar. The response says what the estimate is based on. Nothing is changed.',
      querystring: SamplesQuery, body: ref(EstimateRequest),
      response: { 200: ref(Estimate), ...bodyProblems() }
    }
  }, async ({ body: { step, ...options }, query }) => counted(await estimator.estimateStep(step, { ...options, samples: query.samples ?? false })))

  app.post('/estimates/batch', {
    config: { body: 'medium', scope: 'read', read: 'large' },
    schema: {
      operationId: 'estimateSteps', tags: ['estimates'], summary: 'Estimate the durations of many steps',
      description: 'Estimates up to 5,000 steps. The response has the same order as the request. With `total`, it also has the total duration. The samples of an estimate come only with single estimates (`?samples=true`), because those of 5,000 steps could be millions.',
      querystring: noQuery, body: ref(EstimateBatchRequest),
      response: { 200: ref(EstimateBatch), ...bodyProblems() }
    }
  }, async ({ body: { steps, ...query } }) => {
    const answer = await estimator.estimateSteps(steps, query)
    for (const estimate of answer.estimates) counted(estimate)
    return answer
  })

  app.post('/estimates/remaining', {
    config: { scope: 'read' },
    schema: {
      operationId: 'estimateRemaining', tags: ['estimates'], summary: 'Estimate the remaining time of running steps',
      description: 'Uses only comparable steps that took longer than the time that has already elapsed. A step that has been running for longer than all of them is overdue.',
      querystring: noQuery, body: ref(RemainingRequest),
      response: { 200: ref(RemainingEstimates), ...bodyProblems('step-not-found', 'step-ended', 'experiment-not-found') }
    }
  }, async ({ body }) => ({ items: await estimator.estimateRemaining(body) }))

  app.get('/estimates/calibration', {
    config: { read: 'large' },
    schema: {
      operationId: 'getCalibration', tags: ['estimates'], summary: 'Check how well estimates match',
      description: 'Estimates the newest steps again with the history of that time, and compares the estimates with what happened. Steps of an experiment are estimated as of its start.',
      querystring: CalibrationQuery,
      response: { 200: ref(Calibration), ...problems() }
    }
  }, async ({ query }) => await estimator.calibrate(query))
}
