import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { answer, noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { StatisticsQuery, StepStatistics } from '../../contract/step-statistics.ts'
import {
  StepHistoryQuery, Step, StepBatch, StepCreate, StepFinish, StepHistory, StepItems, StepPage, StepParams, StepPatch, StepQuery
} from '../../contract/steps.ts'
import { auditOf } from '../audit.ts'
import { sendJsonRow } from '../json-row.ts'

/** The log of what devices did. */
export const stepsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/steps', {
    schema: {
      operationId: 'listSteps', tags: ['steps'], summary: 'List steps',
      description: [
        'Filters match exactly. A device is named as it is or was last called; a name that nobody bears, and a container that is not known, match nothing.',
        '`container` is the barcode of a container on the platform, or the id of any. `experiment_id` also finds steps that name an experiment which is not known.',
        '`started_after` is inclusive, `started_before` exclusive. By start unless `sort` says otherwise.'
      ].join(' '),
      querystring: StepQuery,
      response: { 200: ref(StepPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.steps.list(query))

  app.post('/steps', {
    schema: {
      operationId: 'logStep', tags: ['steps'], summary: 'Log a step',
      description: [
        'What happened is never refused for naming a device, container or experiment that is not known; the answer\'s `warnings` tell.',
        'Repeated with the same `id` and the same facts it answers 200, and containers not named before are added: a step may be reported once per container.',
        'The first step of an experiment sets it running.'
      ].join(' '),
      querystring: noQuery, body: ref(StepCreate),
      response: {
        200: answer('It was logged before with this id and these facts.', Step),
        201: answer('Logged.', Step),
        ...bodyProblems('id-in-use')
      }
    }
  }, async (request, reply) => {
    const logged = await store.steps.log(request.body, auditOf(request))
    reply.code(logged.outcome === 'logged' ? 201 : 200).header('location', `/api/steps/${logged.id}`)
    return sendJsonRow(reply, logged)
  })

  app.post('/steps/batch', {
    schema: {
      operationId: 'logSteps', tags: ['steps'], summary: 'Log up to 5,000 steps',
      description: 'All or none. Each as by itself; a fault is told with the index of the step.',
      querystring: noQuery, body: ref(StepBatch),
      response: {
        200: answer('All were logged before with these ids and facts.', StepItems),
        201: answer('Logged.', StepItems),
        ...bodyProblems('id-in-use')
      }
    }
  }, async (request, reply) => {
    const logged = await store.steps.logAll(request.body.steps, auditOf(request))
    reply.code(logged.some(({ outcome }) => outcome === 'logged') ? 201 : 200)
    return sendJsonRow<{ items: Step[] }>(reply, { json: `{"items":[${logged.map(({ json }) => json).join()}]}`, version: null })
  })

  app.get('/steps/statistics', {
    schema: {
      operationId: 'getStepStatistics', tags: ['steps'], summary: 'How long steps took',
      description: 'Over the steps that the filters leave; they are those of the list. A row a group, at most 10,000.',
      querystring: StatisticsQuery,
      response: { 200: ref(StepStatistics), ...problems() }
    }
  }, async ({ query }) => ({ items: await store.steps.statistics(query) }))

  app.get('/steps/:id', {
    config: { etag: true },
    schema: {
      operationId: 'getStep', tags: ['steps'], summary: 'Read a step',
      description: 'As it is now, after corrections.',
      params: StepParams, querystring: noQuery,
      response: { 200: ref(Step), ...problems('step-not-found') }
    }
  }, async ({ params }, reply) => sendJsonRow(reply, await store.steps.read(params.id)))

  app.patch('/steps/:id', {
    config: { changes: 'step' },
    schema: {
      operationId: 'correctStep', tags: ['steps'], summary: 'Correct a step',
      description: [
        'The values before stay readable in its history, with the reason. The corrected step must be one that could be logged:',
        'a `finish` given to a running step completes it unless `status` says otherwise. A correction that changes nothing writes nothing.'
      ].join(' '),
      params: StepParams, querystring: noQuery, body: ref(StepPatch),
      response: { 200: ref(Step), ...bodyProblems('step-not-found') }
    }
  }, async (request) => await store.steps.correct(request.params.id, request.body, auditOf(request)))

  app.post('/steps/:id/finish', {
    config: { changes: 'step', bodyOptional: true },
    schema: {
      operationId: 'finishStep', tags: ['steps'], summary: 'Finish a running step',
      description: 'Now, by the service\'s clock, unless `finish` says when. A finish before the start, as clocks that differ make it, is stored as the start, with a warning.',
      params: StepParams, querystring: noQuery, body: ref(StepFinish),
      response: { 200: ref(Step), ...bodyProblems('step-not-found', 'step-ended') }
    }
  }, async (request) => await store.steps.finish(request.params.id, request.body, auditOf(request)))

  app.get('/steps/:id/history', {
    schema: {
      operationId: 'getStepHistory', tags: ['steps'], summary: 'What became of a step after it was logged',
      description: 'When it was finished, and its corrections, oldest first, each with the step before and after.',
      params: StepParams, querystring: StepHistoryQuery,
      response: { 200: ref(StepHistory), ...problems('step-not-found', 'invalid-cursor') }
    }
  }, async ({ params, query }) => await store.steps.history(params.id, query))
}
