import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { problem } from '../contract/problems.ts'

type CrossOriginOptions = { auth: 'on' | 'off', corsOrigins: readonly string[] }

/**
 * Refuses requests that a page of another origin makes without a key. A browser sends such a request without asking the
 * service first, for example a POST without body, and where no key is needed nothing else would stop it. A request with a
 * key is not refused here: a page must set the header for it, and then the browser asks first (CORS).
 */
export const crossOrigin = plugin(async (app: FastifyInstance, { auth, corsOrigins }: CrossOriginOptions) => {
  // AUTH=off with CORS_ORIGINS means: pages of these origins may call without a key
  const welcome: readonly string[] = auth === 'off' ? corsOrigins : []

  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.url.startsWith('/api') || request.headers.authorization !== undefined || isPreflight(request)) return done()
    const from = foreignOrigin(request)
    if (from === null || welcome.includes('*') || welcome.includes(from)) return done()
    done(problem('cross-origin-request', `A page of ${from} sent this request without a key. Open the page from this service, or send a key: CORS_ORIGINS lists the origins whose pages may.`, { origin: from }))
  })
}, { name: 'cross-origin' })

/** A preflight asks and changes nothing; the CORS plugin, or a 405, answers it. */
function isPreflight ({ method }: FastifyRequest): boolean {
  return method === 'OPTIONS'
}

/** The other origin that a browser names, or what it says of it; null for a request of this service's own page, or of no page. */
function foreignOrigin ({ headers, protocol, host }: FastifyRequest): string | null {
  const { origin } = headers
  if (origin !== undefined) return origin.toLowerCase() === `${protocol}://${host}`.toLowerCase() ? null : origin
  const site = headers['sec-fetch-site']
  return site === undefined || site === 'same-origin' || site === 'none' ? null : `another origin (${String(site)})`
}
