import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { type Problem, problem } from '../contract/problems.ts'
import { grants, type ScopeName } from '../domain/keys.ts'
import type { KeyHolder, KeyStore } from '../store/keys.ts'
import type { SessionStore } from '../store/sessions.ts'
import { isLoopback, isLoopbackName } from './loopback.ts'
import { networkOf, rateLimiter } from './rate-limit.ts'
import { declareScope } from './scopes.ts'
import { sessionCookieOf } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the API key of the request. Null when it needed no key. */
    actor: string | null
    /** The id of this key. */
    keyId: string | null
    /** The id of the session of the browser, if it signed in with this key instead of sending it. */
    sessionId: string | null
  }
}

type AuthOptions = { auth: 'on' | 'off', host: string, rateLimitPerMinute: number | null, keys: KeyStore, sessions: SessionStore }
type AuthRefusal = { refused: Problem, challenge: string }

/** The default rate limit: requests per minute for one actor, or for one address without a key. It does not apply to this machine. */
const defaultLimitPerMinute = 12_000

/**
 * Authentication, authorisation and rate limiting. Every key and every session is looked up in the database, in one round trip, so what
 * another instance creates or ends is effective here immediately. A key that is sent counts, and not the session beside it. As long as no key exists, requests need no lookup.
 */
export const auth = plugin(async (app: FastifyInstance, { auth, host, rateLimitPerMinute, keys, sessions }: AuthOptions) => {
  const onLoopback = isLoopbackName(host)
  // Counted apart, so that many addresses cannot use up the places of the actors.
  const limiter = rateLimiter(rateLimitPerMinute ?? defaultLimitPerMinute)
  const addressLimiter = rateLimiter(limiter.perMinute)
  app.decorateRequest('actor', null)
  app.decorateRequest('keyId', null)
  app.decorateRequest('sessionId', null)
  app.addHook('onRoute', declareScope)

  app.addHook('onRequest', (request, reply, done) => {
    const { config: { scope }, url } = request.routeOptions
    // Signing in and out need no key, but the database.
    if (scope === 'none' && url?.startsWith('/api/') === true) return done(applyVerdict(request, reply, null))
    if (scope === undefined || scope === 'none') return done()
    // This runs before every request, so it creates no promise unless it needs the database.
    const verdict = auth === 'off' || isOpenTo(request) ? null : authenticateWithoutKeys(request, scope)
    if (verdict instanceof Promise) verdict.then((refusal) => applyVerdict(request, reply, refusal)).then(done, done)
    else done(applyVerdict(request, reply, verdict))
  })

  /** Returns the refusal, if any. Refused requests count towards the rate limit, too. */
  function applyVerdict (request: FastifyRequest, reply: FastifyReply, refusal: AuthRefusal | null): Problem | undefined {
    const wait = isLimited(request) ? (request.actor === null ? addressLimiter.countRequest(networkOf(request.ip)) : limiter.countRequest(request.actor)) : 0
    if (wait > 0) {
      reply.header('retry-after', wait)
      return problem('too-many-requests', `More than ${limiter.perMinute} requests in one minute. Retry in ${wait} s.`, { limit: limiter.perMinute })
    }
    if (refusal !== null) reply.header('www-authenticate', refusal.challenge)
    return refusal?.refused
  }

  // 0 disables the limit. By default, requests from this machine have no limit, because robots wait for its orchestrator.
  // A client that has disconnected has no address, and gets no response.
  function isLimited (request: FastifyRequest): boolean {
    const ip = request.ip as string | undefined
    if (ip === undefined) return false
    return rateLimitPerMinute === null ? !isLoopback(ip) || isForwarded(request) : rateLimitPerMinute > 0
  }

  // A key that is sent is looked at, also from this machine. Pages in a browser need one. A client that has disconnected has no address.
  function isOpenTo (request: FastifyRequest): boolean {
    const { headers, routeOptions } = request
    const ip = request.ip as string | undefined
    return routeOptions.config.openOnLoopback === true && headers.authorization === undefined && headers.origin === undefined && !isForwarded(request) &&
      ip !== undefined && isLoopback(ip) && refuseForeignHost(headers.host) === null
  }

  function authenticateWithoutKeys (request: FastifyRequest, scope: ScopeName): AuthRefusal | null | Promise<AuthRefusal | null> {
    const { authorization, host } = request.headers
    return authorization === undefined && onLoopback && keys.knownAbsent() ? refuseForeignHost(host) : authenticate(request, scope)
  }

  /** Sets the actor. Returns the refusal when the request is not allowed. */
  async function authenticate (request: FastifyRequest, scope: ScopeName): Promise<AuthRefusal | null> {
    const { authorization, host } = request.headers
    const cookie = authorization === undefined ? sessionCookieOf(request) : null
    const secret = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
    const signedIn = cookie === null ? null : await sessions.find(cookie)
    if (signedIn !== null) {
      request.actor = signedIn.name
      request.keyId = signedIn.id
      request.sessionId = signedIn.session
      return grants(signedIn.scopes, scope) ? null : forbidden(signedIn, scope)
    }
    const bearer = secret === undefined ? null : await keys.find(secret)
    if (bearer === null && onLoopback && !await keys.exist()) return refuseForeignHost(host)
    if (secret === undefined) return unauthorized(cookie === null ? keyRequired : sessionEnded)
    if (bearer === null || bearer.ended !== null) return invalidKey(bearer)
    request.actor = bearer.name
    request.keyId = bearer.id
    return grants(bearer.scopes, scope) ? null : forbidden(bearer, scope)
  }
}, { name: 'auth' })

/** Whether a proxy passed the request on. A proxy on this machine that TRUST_PROXY does not name is not the client. */
function isForwarded ({ headers }: FastifyRequest): boolean {
  return headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined || headers['x-real-ip'] !== undefined
}

const keyRequired = 'Send a key as `Authorization: Bearer <key>`. To create a key, use POST /api/keys, or run `npm run keys` on the machine of the service.'
const sessionEnded = 'The session of this browser has ended. Sign in again, or send a key as `Authorization: Bearer <key>`.'
const realm = 'Bearer realm="platform-status"'
const invalidToken = ', error="invalid_token"'

/** The refusal of a key that is not known, or no longer valid. */
export function invalidKey (bearer: KeyHolder | null): AuthRefusal {
  return unauthorized(bearer?.ended ? `The key "${bearer.name}" ${describeEnd(bearer.ended)}.` : 'The service does not know this key.', invalidToken)
}

function unauthorized (detail: string, error = ''): AuthRefusal {
  return { refused: problem('unauthorized', detail), challenge: realm + error }
}

function forbidden ({ name, scopes }: Pick<KeyHolder, 'name' | 'scopes'>, scope: ScopeName): AuthRefusal {
  return {
    refused: problem('forbidden', `The key "${name}" has the scope ${scopes.join(', ')}. This operation needs ${scope}.`, { scope }),
    challenge: `${realm}, error="insufficient_scope", scope="${scope}"`
  }
}

function describeEnd ({ how, at }: NonNullable<KeyHolder['ended']>): string {
  return how === 'expired' ? `expired at ${at.toISOString()}` : `was revoked at ${at.toISOString()}`
}

// DNS rebinding: a foreign web page in a browser on this machine can point its own host name to 127.0.0.1 and send requests
// here. Without keys nothing else stops it. The page cannot forge the Host header, so foreign host names are refused.
function refuseForeignHost (host: string | undefined): AuthRefusal | null {
  if (host === undefined || isLoopbackName(host.replace(/:\d*$/, ''))) return null
  return unauthorized('As long as no key exists, the service accepts only the host names localhost, 127.0.0.1 and [::1]. To use another name, create a key with `npm run keys`.')
}
