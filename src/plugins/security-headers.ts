import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'

const headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': 'default-src \'none\'; frame-ancestors \'none\'',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer'
}

/**
 * Security headers for browsers: they must not guess the type of a response, run it, show it in a frame, embed it in other
 * sites or send its address as referrer. A plugin would set the same four headers and a dozen for HTML pages. The pages
 * have their own policies. TLS and its headers belong to the reverse proxy.
 */
export const securityHeaders = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}, { name: 'security-headers' })
