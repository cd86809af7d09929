import type { FastifyRequest } from 'fastify'
import type { AuditContext } from '../store/commands.ts'
import { written } from '../store/written-revision.ts'

/** The audit context of a request, for the event log. What a command says of its revision is in `request.written`; a second attempt begins anew. */
export function auditOf (request: Pick<FastifyRequest, 'id' | 'actor' | 'written'>): AuditContext {
  request.written = { revision: null }
  return { actor: request.actor, request_id: request.id, [written]: request.written }
}
