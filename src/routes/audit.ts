import type { FastifyRequest } from 'fastify'
import type { AuditContext } from '../store/commands.ts'

/** The audit context of a request, for the event log. */
export function auditOf (request: Pick<FastifyRequest, 'id' | 'actor'>): AuditContext {
  return { actor: request.actor, request_id: request.id }
}
