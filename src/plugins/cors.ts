import type { FastifyCorsOptions } from '@fastify/cors'

/** CORS for these origins. Pages send API keys in a header, so browser credentials (cookies) are not allowed. */
export function corsOptions (origins: readonly string[]): FastifyCorsOptions {
  return {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['ETag', 'Lab-Revision', 'Location', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    maxAge: 600
  }
}
