import type { FastifyRequest } from 'fastify'
import type { AuditContext } from '../store/commands.ts'

/** Who asks, for the log. */
export function auditOf (request: Pick<FastifyRequest, 'id' | 'actor'>): AuditContext {
  return { actor: request.actor, request_id: request.id }
}
