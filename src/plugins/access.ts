import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of who asks; null where nobody needs to say. */
    actor: string | null
  }
}

/** Who asks, on every request. */
export const access = plugin(async (app: FastifyInstance) => {
  app.decorateRequest('actor', null)
}, { name: 'access' })
