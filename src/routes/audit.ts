import type { FastifyRequest } from 'fastify'
import type { By } from '../store/commands.ts'

/** Who asks, for the log. */
export function by (request: Pick<FastifyRequest, 'id' | 'actor'>): By {
  return { actor: request.actor, request_id: request.id }
}
