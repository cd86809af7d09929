import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { jsonResponse, noQuery, ref } from '../../contract/common.ts'
import { Pause, PauseQuery } from '../../contract/pauses.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { RunningQuery, RunningSteps } from '../../contract/running.ts'
import { StepExclusionQuery, StepExclusionRequest, StepExclusionResult } from '../../contract/step-exclusions.ts'
import { StatisticsQuery, StepStatistics } from '../../contract/step-statistics.ts'
import {
  StepHistoryQuery, Step, StepBatch, StepCreate, StepFinish, StepHistory, StepItems, StepPage, StepParams, StepPatch, StepQuery
} from '../../contract/steps.ts'
import { alsoParquet, pageOrParquet } from '../../contract/table-files.ts'
import { auditOf } from '../audit.ts'
import { sendJsonPage } from '../json-page.ts'
import { sendJsonRow } from '../json-row.ts'
import { listOrTable } from '../list-or-table.ts'

/** The log of steps. */
export const stepsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/steps', {
    schema: {
      operationId: 'listSteps', tags: ['steps'], summary: 'List steps',
      description: [
        'Filters match exactly. A device is found by its present name, or by its last name if it is retired. An unknown device or container matches no steps.',
        '`container` is the barcode of a container on the platform, or the id of any container. `experiment_id` also finds steps that were logged with an unknown experiment.',
        '`started_after` is inclusive, `started_before` exclusive. The default order is by start.',
        alsoParquet
      ].join(' '),
      querystring: StepQuery,
      response: { 200: pageOrParquet(StepPage), ...problems('invalid-cursor') }
    }
  }, async (request, reply) => await listOrTable(app, request, reply, 'steps', request.query, async (query) => await store.steps.list(query)))

  app.post('/steps', {
    schema: {
      operationId: 'logStep', tags: ['steps'], summary: 'Log a step',
      description: [
        'Logs a step. A step is never refused because a device, container or experiment is unknown; the response has `warnings` instead.',
        'A step can be told twice: when it starts (`status: running`) and, with the same `id`, `kind`, `device` and `start`, when it has ended. It is one step, and the second answer is 200. At its end it takes the finish, the status, the name, the data (added to those of the start), the error, the places, the lid, whether the barcode was read, and further containers.',
        'What is told again changes nothing and is answered with 200 and the stored step. If it differs, the answer has the warning `differs-from-stored`. A start that is told after the end changes nothing. Further containers are added, so a step can be reported once for each container.',
        'The first step of an experiment sets its status to `running`.'
      ].join(' '),
      querystring: noQuery, body: ref(StepCreate),
      response: {
        200: jsonResponse('The step was told before with this id: it has ended now, or is unchanged.', Step),
        201: jsonResponse('Logged.', Step),
        ...bodyProblems('id-in-use')
      }
    }
  }, async (request, reply) => {
    const logged = await store.steps.log(request.body, auditOf(request))
    reply.code(logged.outcome === 'logged' ? 201 : 200).header('location', `/api/steps/${logged.id}`)
    return sendJsonRow(reply, logged)
  })

  app.post('/steps/batch', {
    config: { body: 'large' },
    schema: {
      operationId: 'logSteps', tags: ['steps'], summary: 'Log up to 5,000 steps',
      description: 'Logs the steps, either all or none, by the same rules as a single step. A fault has the index of the step.',
      querystring: noQuery, body: ref(StepBatch),
      response: {
        200: jsonResponse('All steps were told before with these ids: they have ended now, or are unchanged.', StepItems),
        201: jsonResponse('Logged.', StepItems),
        ...bodyProblems('id-in-use')
      }
    }
  }, async (request, reply) => {
    const logged = await store.steps.logAll(request.body.steps, auditOf(request))
    reply.code(logged.some(({ outcome }) => outcome === 'logged') ? 201 : 200)
    return sendJsonRow<{ items: Step[] }>(reply, { json: `{"items":[${logged.map(({ json }) => json).join()}]}`, version: null })
  })

  app.get('/steps/statistics', {
    config: { read: 'large' },
    schema: {
      operationId: 'getStepStatistics', tags: ['steps'], summary: 'Read statistics of step durations',
      description: 'Computes the statistics of the steps that match the filters, by group. The filters are those of `GET /api/steps`. `timezone` is the zone of `day`: a day in it can have 23 or 25 hours. The default is UTC. At most 10,000 groups are returned.',
      querystring: StatisticsQuery,
      response: { 200: ref(StepStatistics), ...problems() }
    }
  }, async ({ query }) => ({ items: await store.steps.statistics(query) }))

  app.get('/steps/running', {
    schema: {
      operationId: 'getRunningSteps', tags: ['steps'], summary: 'List what runs now, and when it should end',
      description: [
        'Returns all steps that have not ended, alarms first, with the times at which they should end. All of it is of one moment.',
        'A step past its bound is nothing unusual. A step is an alarm when it takes more than 1.5 times as long as the longest comparable step, and at least 30 seconds longer.'
      ].join(' '),
      querystring: RunningQuery,
      response: { 200: ref(RunningSteps), ...problems() }
    }
  }, async ({ query }) => await app.estimator.estimateRunning(query.confidence))

  app.post('/steps/exclusions', {
    schema: {
      operationId: 'excludeSteps', tags: ['steps'], summary: 'Decide which steps estimates use',
      description: [
        'Decides about all steps that match: whether estimates leave them out, or use them although their times look wrong. Send `dry_run=true` first to see them.',
        'The history of each step keeps the decision and the reason. To decide about one step, use PATCH with `exclude_from_estimates`.'
      ].join(' '),
      querystring: StepExclusionQuery, body: ref(StepExclusionRequest),
      response: { 200: ref(StepExclusionResult), ...bodyProblems() }
    }
  }, async (request) => await store.steps.exclude(request.body, request.query.dry_run === true, auditOf(request)))

  app.get('/steps/:id', {
    config: { etag: true },
    schema: {
      operationId: 'getStep', tags: ['steps'], summary: 'Read a step',
      description: 'Returns the present state of a step, including corrections.',
      params: StepParams, querystring: noQuery,
      response: { 200: ref(Step), ...problems('step-not-found') }
    }
  }, async ({ params }, reply) => sendJsonRow(reply, await store.steps.read(params.id)))

  app.patch('/steps/:id', {
    config: { changes: 'step' },
    schema: {
      operationId: 'correctStep', tags: ['steps'], summary: 'Correct a step',
      description: [
        'Changes a logged step. The history of the step keeps the old values and the reason. The corrected step must follow the rules of a logged step.',
        'A `finish` for a running step also completes it, unless `status` says otherwise. A correction that changes nothing is not recorded.'
      ].join(' '),
      params: StepParams, querystring: noQuery, body: ref(StepPatch),
      response: { 200: ref(Step), ...bodyProblems('step-not-found') }
    }
  }, async (request) => await store.steps.correct(request.params.id, request.body, auditOf(request)))

  app.post('/steps/:id/finish', {
    config: { changes: 'step', bodyOptional: true },
    schema: {
      operationId: 'finishStep', tags: ['steps'], summary: 'Finish a running step',
      description: 'Ends a running, paused or lost step. A pause ends with it. If the finish is before the start, because clocks differ, the start is stored as the finish, with a warning. Told again with the same `finish` and the same facts, a step that has ended is returned; containers that were not named yet are added.',
      params: StepParams, querystring: noQuery, body: ref(StepFinish),
      response: { 200: ref(Step), ...bodyProblems('step-not-found', 'step-ended') }
    }
  }, async (request) => await store.steps.finish(request.params.id, request.body, auditOf(request)))

  for (const paused of [true, false]) {
    app.post(`/steps/:id/${paused ? 'pause' : 'resume'}`, {
      config: { changes: 'step', bodyOptional: true },
      schema: {
        operationId: paused ? 'pauseStep' : 'resumeStep', tags: ['steps'], summary: paused ? 'Pause a running step' : 'Resume a paused step',
        description: paused
          ? 'Stops the clock of a running step. A step that is paused already is returned unchanged. `at` before the start counts from the start. Estimates, remaining times and statistics leave pauses out.'
          : 'Lets the clock of a paused step go on. A step that runs already is returned unchanged. The end of a step ends its pause, too.',
        params: StepParams, querystring: PauseQuery, body: ref(Pause),
        response: { 200: ref(Step), ...bodyProblems('step-not-found', 'illegal-transition') }
      }
    }, async (request, reply) => {
      const { params, query, body } = request
      return sendJsonRow(reply, await store.steps.setPaused(params.id, paused, body, query.dry_run === true, auditOf(request)))
    })
  }

  app.get('/steps/:id/history', {
    schema: {
      operationId: 'getStepHistory', tags: ['steps'], summary: 'Read the history of a step',
      description: 'Lists the changes of a step after it was logged (its pauses, its finish and its corrections), oldest first, with the step before and after each change.',
      params: StepParams, querystring: StepHistoryQuery,
      response: { 200: ref(StepHistory), ...problems('step-not-found', 'invalid-cursor') }
    }
  }, async ({ params, query }, reply) => sendJsonPage(reply, await store.steps.history(params.id, query)))
}
