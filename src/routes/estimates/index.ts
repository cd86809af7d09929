import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { noQuery, ref } from '../../contract/common.ts'
import { EstimatedKindPage, maxKindPoints, StepKindHistory, StepKindHistoryQuery, StepKindParams, StepKindQuery } from '../../contract/estimate-kinds.ts'
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

  app.get('/estimates/kinds', {
    config: { read: 'large' },
    schema: {
      operationId: 'listStepKinds', tags: ['estimates'], summary: 'List what is known of each kind of step',
      description: 'Lists the kinds of steps of which one finished since a time (`since`, without it in the last 92 days): the bound of the next such step, the trend, since when it is different, and how many of the newest kept their bounds.',
      querystring: StepKindQuery,
      response: { 200: ref(EstimatedKindPage), ...problems('invalid-cursor', 'device-not-found') }
    }
  }, async ({ query }) => await estimator.listKinds(query))

  app.get('/estimates/kinds/:key/history', {
    config: { read: 'large' },
    schema: {
      operationId: 'getStepKind', tags: ['estimates'], summary: 'Read the steps of a kind',
      description: `Returns the steps of a kind that finished in a time range, each with the bound that the steps before it gave, and the times between which such steps clearly changed. Without \`from\`, the range has 92 days; it has 366 at most. Of more than ${maxKindPoints} steps, the newest are returned.`,
      params: StepKindParams, querystring: StepKindHistoryQuery,
      response: { 200: ref(StepKindHistory), ...problems('step-kind-not-found') }
    }
  }, async ({ params, query }) => await estimator.kindHistory(params.key, query))
}
