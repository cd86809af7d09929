import type { FastifyCorsOptions } from '@fastify/cors'

/** What pages of these origins may send and read. Keys travel in a header that the page sets, so no credentials of the browser are let in. */
export function corsOptions (origins: readonly string[]): FastifyCorsOptions {
  return {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['ETag', 'Location', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    maxAge: 600
  }
}
