import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { jsonResponse, noQuery, ref } from '../../contract/common.ts'
import { Orchestrator, OrchestratorPage, OrchestratorParams, OrchestratorPut, OrchestratorQuery } from '../../contract/orchestrators.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'

/** The programs that run experiments. */
export const orchestratorsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/orchestrators', {
    schema: {
      operationId: 'listOrchestrators', tags: ['orchestrators'], summary: 'List orchestrators',
      description: 'Lists the orchestrators that ever gave a sign of life, by name, and whether each is alive.',
      querystring: OrchestratorQuery,
      response: { 200: ref(OrchestratorPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.orchestrators.list(query))

  app.put('/orchestrators/:name', {
    schema: {
      operationId: 'putOrchestrator', tags: ['orchestrators'], summary: 'Give a sign of life of an orchestrator',
      description: [
        'Renews the lease of an orchestrator: send it every few seconds. Steps and experiments name its `session`.',
        'When the lease is over, or another session of the name begins, the steps and experiments of the session that run become `lost`: they have an alarm, no finish, and no part in estimates. What is told later about them still ends them.',
        'When the session renews its lease later, what was lost and has not ended is what it was before, running or paused, and its alarms are over.',
        'Steps and experiments without a session are never lost.'
      ].join(' '),
      params: OrchestratorParams, querystring: noQuery, body: ref(OrchestratorPut),
      response: {
        200: jsonResponse('The lease was renewed.', Orchestrator),
        201: jsonResponse('The first sign of life of this orchestrator.', Orchestrator),
        ...bodyProblems()
      }
    }
  }, async (request, reply) => {
    const { outcome, orchestrator } = await store.orchestrators.put(request.params.name, request.body, auditOf(request))
    if (outcome === 'created') reply.code(201).header('location', `/api/orchestrators/${encodeURIComponent(orchestrator.name)}`)
    return orchestrator
  })
}
