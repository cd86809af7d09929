import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'

const headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': 'default-src \'none\'; frame-ancestors \'none\'',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer'
}

/**
 * What browsers must not do with an answer, whoever asked: guess its type, run it, put it into a frame, embed it in
 * another site's page, tell others where it came from. A plugin would bring the same four lines and a dozen for pages,
 * which only /docs is; that one has a policy of its own. TLS and its headers belong to the proxy that speaks it.
 */
export const securityHeaders = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}, { name: 'protection' })
