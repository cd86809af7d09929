import Type, { type Static } from 'typebox'
import { Name, nullable, optional, page, pageQuery, ref, Timestamp } from './common.ts'

const anOrchestrator = {
  name: 'cage2', session: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', state: 'running', ttl_seconds: 30, expires_at: '2026-03-02T09:20:30.000Z', alive: true,
  created_at: '2026-03-02T09:00:00.000Z', updated_at: '2026-03-02T09:20:00.000Z'
}

const ttl = Type.Number({ minimum: 5, maximum: 3600, description: 'For how many seconds from now the orchestrator counts as alive without another sign of life.', examples: [30] })

export const Orchestrator = Type.Object({
  name: ref(Name, 'The name of the orchestrator.'),
  session: ref(Name, 'Its present session: what it chose when it was started.'),
  state: nullable(ref(Name), 'What it says about itself. Null when it says nothing.'),
  ttl_seconds: ttl,
  expires_at: ref(Timestamp, 'Until when its lease lasts.'),
  alive: Type.Boolean({ description: 'Whether its lease lasts.' }),
  created_at: ref(Timestamp, 'When it gave its first sign of life.'),
  updated_at: ref(Timestamp, 'When it gave its last sign of life.')
}, { $id: 'Orchestrator', description: 'A program that runs experiments, and until when it is known to be alive.', examples: [anOrchestrator] })
export type Orchestrator = Static<typeof Orchestrator>

export const OrchestratorPut = Type.Object({
  session: ref(Name, 'A text that the orchestrator chooses anew each time it is started, for example a UUID. Its steps and experiments name it.'),
  ttl_seconds: ttl,
  state: optional(ref(Name), 'What it says about itself.')
}, {
  $id: 'OrchestratorPut', additionalProperties: false, description: 'A sign of life of an orchestrator.',
  examples: [{ session: anOrchestrator.session, ttl_seconds: 30, state: 'running' }]
})
export type OrchestratorPut = Static<typeof OrchestratorPut>

export const OrchestratorPage = page('OrchestratorPage', Orchestrator)

export const OrchestratorParams = Type.Object({ name: ref(Name) })

export const OrchestratorQuery = Type.Object({ ...pageQuery }, { additionalProperties: false })
export type OrchestratorQuery = Static<typeof OrchestratorQuery>

export const orchestratorSchemas = [Orchestrator, OrchestratorPut, OrchestratorPage]
