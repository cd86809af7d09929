import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { jsonResponse, noQuery, ref } from '../../contract/common.ts'
import { Experiment, ExperimentCreate, ExperimentPage, ExperimentParams, ExperimentPatch, ExperimentQuery } from '../../contract/experiments.ts'
import { Pause, PauseQuery } from '../../contract/pauses.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { ExperimentStepsQuery, StepPage } from '../../contract/steps.ts'
import { alsoParquet, pageOrParquet } from '../../contract/table-files.ts'
import { auditOf } from '../audit.ts'
import { sendJsonPage } from '../json-page.ts'
import { sendJsonRow } from '../json-row.ts'
import { listOrTable } from '../list-or-table.ts'

/** Experiments: executions of processes. */
export const experimentsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/experiments', {
    schema: {
      operationId: 'listExperiments', tags: ['experiments'], summary: 'List experiments',
      description: `Lists experiments, oldest first. \`started_after\` (inclusive) and \`started_before\` (exclusive) refer to the start of the first step. ${alsoParquet}`,
      querystring: ExperimentQuery,
      response: { 200: pageOrParquet(ExperimentPage), ...problems('invalid-cursor') }
    }
  }, async (request, reply) => await listOrTable(app, request, reply, 'experiments', request.query, async (query) => await store.experiments.list(query, request.readSize)))

  app.post('/experiments', {
    schema: {
      operationId: 'createExperiment', tags: ['experiments'], summary: 'Create an experiment',
      description: 'Steps that were already logged with its `id` become its steps. In this case the experiment is running immediately.',
      querystring: noQuery, body: ref(ExperimentCreate),
      response: {
        200: jsonResponse('The experiment was already created with this id and body.', Experiment),
        201: jsonResponse('Created.', Experiment),
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
      description: 'Returns an experiment with the number of its steps by status and their total time span.',
      params: ExperimentParams, querystring: noQuery,
      response: { 200: ref(Experiment), ...problems('experiment-not-found') }
    }
  }, async ({ params, readSize }, reply) => sendJsonRow(reply, await store.experiments.read(params.id, readSize)))

  app.patch('/experiments/:id', {
    config: { changes: 'experiment' },
    schema: {
      operationId: 'updateExperiment', tags: ['experiments'], summary: 'Update an experiment',
      description: 'Changes status, name, session or metadata. The status goes from `created` to `running` (by this operation, or by the first step) and then to `completed` or `aborted`. A `created` experiment can be aborted, too. `running` and `paused` change into each other. Both become `lost` when the session of the orchestrator is over; a `lost` one can go on (`running`), or be completed or aborted. Sending the present status changes nothing.',
      params: ExperimentParams, querystring: noQuery, body: ref(ExperimentPatch),
      response: { 200: ref(Experiment), ...bodyProblems('experiment-not-found', 'illegal-transition') }
    }
  }, async (request) => await store.experiments.update(request.params.id, request.body, auditOf(request)))

  for (const paused of [true, false]) {
    app.post(`/experiments/:id/${paused ? 'pause' : 'resume'}`, {
      config: { changes: 'experiment', bodyOptional: true },
      schema: {
        operationId: paused ? 'pauseExperiment' : 'resumeExperiment', tags: ['experiments'], summary: paused ? 'Pause a running experiment' : 'Resume a paused experiment',
        description: paused
          ? 'Says that a running experiment stands still. Its steps go on, as an incubator does: pause those that stand still as well. An experiment that is paused already is returned unchanged. `at` before the first start counts from the first start.'
          : 'Says that a paused experiment goes on. An experiment that runs already is returned unchanged. The end of an experiment ends its pause, too.',
        params: ExperimentParams, querystring: PauseQuery, body: ref(Pause),
        response: { 200: ref(Experiment), ...bodyProblems('experiment-not-found', 'illegal-transition') }
      }
    }, async (request, reply) => {
      const { params, query, body } = request
      return sendJsonRow(reply, await store.experiments.setPaused(params.id, paused, body, query.dry_run === true, auditOf(request)))
    })
  }

  app.get('/experiments/:id/steps', {
    schema: {
      operationId: 'listExperimentSteps', tags: ['experiments'], summary: 'List the steps of an experiment',
      description: 'The same as `GET /api/steps?experiment_id=`, but responds with 404 if the experiment does not exist.',
      params: ExperimentParams, querystring: ExperimentStepsQuery,
      response: { 200: ref(StepPage), ...problems('experiment-not-found', 'invalid-cursor') }
    }
  }, async ({ params, query }, reply) => {
    await store.experiments.require(params.id)
    return sendJsonPage(reply, await store.steps.list({ ...query, experiment_id: params.id.toLowerCase() }))
  })
}
