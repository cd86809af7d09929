import type { FastifyRequest } from 'fastify'
import type { By } from '../store/commands.ts'

/** Who asks, for the log. */
export function by (request: Pick<FastifyRequest, 'id'>): By {
  return { actor: null, request_id: request.id }
}
