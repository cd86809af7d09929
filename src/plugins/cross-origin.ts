import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { type Problem, problem } from '../contract/problems.ts'
import { sessionCookieOf } from './session-cookie.ts'

/**
 * Refuses requests that a page of another origin sends without a key. A browser sends some requests without asking the
 * service first, for example a POST without a body. If no key is needed, nothing else stops them. To send a key, a page must
 * set a header, and then the browser asks first (CORS).
 *
 * A browser that signed in sends its cookie by itself, also for pages of other ports of the host. So a write with a session must show that it comes from
 * a page of this service: by `Sec-Fetch-Site` or, over plain http, where browsers do not send it, by `Origin`. That is the rule of Go's CrossOriginProtection.
 */
export const crossOrigin = plugin(async (app: FastifyInstance, { corsOrigins }: { corsOrigins: readonly string[] }) => {
  app.addHook('onRequest', (request, _reply, done) => {
    done(request.headers.authorization === undefined ? sessionRefusal(request) ?? refusal(request) : undefined)
  })
  // All onRequest hooks have run: `actor` is null if the key was not valid, and the service needs none.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const found = request.actor === null ? refusal(request) : undefined
    if (found === undefined) done(null, payload)
    else done(found)
  })

  function sessionRefusal (request: FastifyRequest): Problem | undefined {
    if (isRead(request) || request.is404 || sessionCookieOf(request) === null) return undefined
    const { origin } = request.headers
    return isOwnPage(request) || (origin !== undefined && corsOrigins.includes(origin)) ? undefined : crossOriginProblem(sessionDetail, origin ?? null)
  }

  function refusal (request: FastifyRequest): Problem | undefined {
    const { origin, 'sec-fetch-site': site } = request.headers
    if (origin === undefined && site === undefined) return undefined
    // What can be read without a scope holds no data of the lab.
    const { scope } = request.routeOptions.config
    if (scope === undefined || (scope === 'none' && isRead(request)) || isLink(request)) return undefined
    // Authentication decides about pages of these origins. There is a key, or AUTH=off (prepareKeys in src/process/bootstrap-key.ts).
    if (corsOrigins.includes('*') || (origin !== undefined && corsOrigins.includes(origin))) return undefined
    if (isOwnPage(request) || (origin === undefined && site === 'none')) return undefined
    return crossOriginProblem(keylessDetail(origin ?? 'another origin'), origin ?? null)
  }
}, { name: 'cross-origin' })

/** A link of another page to a page of this service. What the link opens, the other page cannot read or frame. */
function isLink ({ headers, method, routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.problemPage !== undefined && (method === 'GET' || method === 'HEAD') && headers.origin === undefined &&
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
}

function isRead ({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

/** Whether the browser says that a page of this service sent the request. Behind a proxy that TRUST_PROXY does not name, only `Sec-Fetch-Site` knows it. */
function isOwnPage (request: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers
  return site === undefined ? origin === ownOrigin(request) : site === 'same-origin'
}

function ownOrigin ({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`.toLowerCase()
}

const sessionDetail = 'A browser that signed in sent this request, but not from a page of this service. Open a page of this service instead. Programs send a key, and no cookie.'

function keylessDetail (name: string): string {
  return `A page of ${name} sent this request without a key. Open a page of this service instead. Pages of the origins in CORS_ORIGINS can send a key.`
}

function crossOriginProblem (detail: string, origin: string | null): Problem {
  return problem('cross-origin-request', detail, { origin })
}
