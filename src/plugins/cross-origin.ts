import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { type Problem, problem } from '../contract/problems.ts'

/**
 * Refuses requests that a page of another origin sends without a key. A browser sends some requests without asking the
 * service first, for example a POST without a body. If no key is needed, nothing else stops them. To send a key, a page must
 * set a header, and then the browser asks first (CORS).
 */
export const crossOrigin = plugin(async (app: FastifyInstance, { corsOrigins }: { corsOrigins: readonly string[] }) => {
  app.addHook('onRequest', (request, _reply, done) => {
    done(request.headers.authorization === undefined ? refusal(request) : undefined)
  })
  // All onRequest hooks have run: `actor` is null if the key was not valid, and the service needs none.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const found = request.actor === null ? refusal(request) : undefined
    if (found === undefined) done(null, payload)
    else done(found)
  })

  function refusal (request: FastifyRequest): Problem | undefined {
    const { origin, 'sec-fetch-site': site } = request.headers
    if (origin === undefined && site === undefined) return undefined
    // Paths without a scope hold no data of the lab.
    const { scope } = request.routeOptions.config
    if (scope === undefined || scope === 'none' || isLink(request)) return undefined
    // Authentication decides about pages of these origins. There is a key, or AUTH=off (prepareKeys in src/process/bootstrap-key.ts).
    if (corsOrigins.includes('*') || (origin !== undefined && corsOrigins.includes(origin))) return undefined
    if (origin !== undefined && origin !== ownOrigin(request)) return crossOriginProblem(origin, origin)
    return site === undefined || site === 'same-origin' || site === 'none' ? undefined : crossOriginProblem('another origin', null)
  }
}, { name: 'cross-origin' })

/** A link of another page to a page of this service. What the link opens, the other page cannot read or frame. */
function isLink ({ headers, method, routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.problemPage !== undefined && (method === 'GET' || method === 'HEAD') && headers.origin === undefined &&
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

function ownOrigin ({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`.toLowerCase()
}

function crossOriginProblem (name: string, origin: string | null): Problem {
  return problem('cross-origin-request', `A page of ${name} sent this request without a key. Open a page of this service instead. Pages of the origins in CORS_ORIGINS can send a key.`, { origin })
}
