import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { answer, noQuery, ref } from '../../contract/common.ts'
import { Experiment, ExperimentCreate, ExperimentPage, ExperimentParams, ExperimentPatch, ExperimentQuery } from '../../contract/experiments.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { ExperimentStepsQuery, StepPage } from '../../contract/steps.ts'
import { auditOf } from '../audit.ts'
import { sendJsonRow } from '../json-row.ts'

/** Runs of processes. */
export const experimentsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/experiments', {
    schema: {
      operationId: 'listExperiments', tags: ['experiments'], summary: 'List experiments',
      description: 'Oldest first. `started_after` and `started_before` look at the start of the first step; the first is inclusive, the second exclusive.',
      querystring: ExperimentQuery,
      response: { 200: ref(ExperimentPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.experiments.list(query))

  app.post('/experiments', {
    schema: {
      operationId: 'createExperiment', tags: ['experiments'], summary: 'Begin a run of a process',
      description: 'Steps that were logged before and name its `id` become its steps; then it is running at once.',
      querystring: noQuery, body: ref(ExperimentCreate),
      response: {
        200: answer('It was created before with this id and body.', Experiment),
        201: answer('Created.', Experiment),
        ...bodyProblems('process-not-found', 'id-in-use')
      }
    }
  }, async (request, reply) => {
    const { outcome, experiment } = await store.experiments.create(request.body, auditOf(request))
    reply.code(outcome === 'created' ? 201 : 200).header('location', `/api/experiments/${experiment.id}`)
    return experiment
  })

  app.get('/experiments/:id', {
    config: { etag: true },
    schema: {
      operationId: 'getExperiment', tags: ['experiments'], summary: 'Read an experiment',
      description: 'With the number of its steps by status, and the time they span.',
      params: ExperimentParams, querystring: noQuery,
      response: { 200: ref(Experiment), ...problems('experiment-not-found') }
    }
  }, async ({ params }, reply) => sendJsonRow(reply, await store.experiments.read(params.id)))

  app.patch('/experiments/:id', {
    config: { changes: 'experiment' },
    schema: {
      operationId: 'updateExperiment', tags: ['experiments'], summary: 'Move an experiment along, or edit it',
      description: 'created, then running (by hand or by its first step), then completed or aborted; what is only created can be aborted too. The status it has is no change.',
      params: ExperimentParams, querystring: noQuery, body: ref(ExperimentPatch),
      response: { 200: ref(Experiment), ...bodyProblems('experiment-not-found', 'illegal-transition') }
    }
  }, async (request) => await store.experiments.update(request.params.id, request.body, auditOf(request)))

  app.get('/experiments/:id/steps', {
    schema: {
      operationId: 'listExperimentSteps', tags: ['experiments'], summary: 'List the steps of an experiment',
      description: 'As `GET /api/steps?experiment_id=`, with the same filters, for an experiment that there is.',
      params: ExperimentParams, querystring: ExperimentStepsQuery,
      response: { 200: ref(StepPage), ...problems('experiment-not-found', 'invalid-cursor') }
    }
  }, async ({ params, query }) => {
    await store.experiments.read(params.id)
    return await store.steps.list({ ...query, experiment_id: params.id.toLowerCase() })
  })
}
