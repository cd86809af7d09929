import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { type Problem, problem } from '../contract/problems.ts'
import { grants, type Scope } from '../domain/keys.ts'
import type { KeyHolder, KeyStore } from '../store/keys.ts'
import { isLoopback, isLoopbackName } from './loopback.ts'
import { rateLimiter } from './rate-limit.ts'
import { declareScope } from './scopes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The name of the key with which the request came; null where none was needed. */
    actor: string | null
  }
}

type AuthOptions = { auth: 'on' | 'off', host: string, rateLimitPerMinute: number | null, keys: KeyStore }
type AuthRefusal = { refused: Problem, challenge: string }

/** Requests a minute that one actor, or one address, may make from elsewhere when nothing else is said. */
const usualLimit = 12_000

/**
 * Who asks, whether they may, and how often. Decided for each request by the database, in one round trip, so that what
 * another instance makes or revokes holds here, too; while there is no key at all, in none.
 */
export const auth = plugin(async (app: FastifyInstance, { auth, host, rateLimitPerMinute, keys }: AuthOptions) => {
  const onLoopback = isLoopbackName(host)
  const limiter = rateLimiter(rateLimitPerMinute ?? usualLimit)
  app.decorateRequest('actor', null)
  app.addHook('onRoute', declareScope)

  app.addHook('onRequest', (request, reply, done) => {
    const { scope } = request.routeOptions.config
    if (scope === undefined || scope === 'none') return done()
    // without a promise where nothing is asked: this is before every call
    const verdict = auth === 'off' ? null : authenticateWithoutKeys(request, scope)
    if (verdict instanceof Promise) verdict.then((refusal) => applyVerdict(request, reply, refusal)).then(done, done)
    else done(applyVerdict(request, reply, verdict))
  })

  /** The refusal, if any; too many of those are refused for being too many. */
  function applyVerdict (request: FastifyRequest, reply: FastifyReply, refusal: AuthRefusal | null): Problem | undefined {
    const wait = isLimited(request) ? limiter.take(request.actor ?? request.ip) : 0
    if (wait > 0) {
      reply.header('retry-after', wait)
      return problem('too-many-requests', `More than ${limiter.perMinute} requests in a minute. Wait ${wait} s.`, { limit: limiter.perMinute })
    }
    if (refusal !== null) reply.header('www-authenticate', refusal.challenge)
    return refusal?.refused
  }

  // 0 is no limit. Unless one is said, this machine has none: its orchestrator is what the robots wait for.
  // Who has hung up meanwhile has no address any more, and gets no answer either.
  function isLimited (request: FastifyRequest): boolean {
    const ip = request.ip as string | undefined
    if (ip === undefined) return false
    return rateLimitPerMinute === null ? !isLoopback(ip) : rateLimitPerMinute > 0
  }

  function authenticateWithoutKeys (request: FastifyRequest, scope: Scope): AuthRefusal | null | Promise<AuthRefusal | null> {
    const { authorization, host } = request.headers
    return authorization === undefined && onLoopback && keys.knownAbsent() ? refuseForeignHost(host) : authenticate(request, scope)
  }

  /** Sets the actor; what is to be answered when the request may not go on. */
  async function authenticate (request: FastifyRequest, scope: Scope): Promise<AuthRefusal | null> {
    const given = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    const bearer = given === undefined ? null : await keys.find(given)
    if (bearer === null && onLoopback && !await keys.exist()) return refuseForeignHost(request.headers.host)
    if (bearer === null) return given === undefined ? unauthorized(wanted) : unauthorized('The key is not one of this service.', invalidToken)
    if (bearer.ended !== null) return unauthorized(`The key "${bearer.name}" ${sinceWhen(bearer.ended)}.`, invalidToken)
    request.actor = bearer.name
    return grants(bearer.scopes, scope) ? null : forbidden(bearer, scope)
  }
}, { name: 'access' })

const wanted = 'Send a key as `Authorization: Bearer <key>`. Keys are made with POST /api/keys, or with `npm run keys` where the service runs.'
const realm = 'Bearer realm="platform-status"'
const invalidToken = ', error="invalid_token"'

function unauthorized (detail: string, error = ''): AuthRefusal {
  return { refused: problem('unauthorized', detail), challenge: realm + error }
}

function forbidden ({ name, scopes }: KeyHolder, scope: Scope): AuthRefusal {
  return {
    refused: problem('forbidden', `The key "${name}" has the scope ${scopes.join(', ')}; this call needs ${scope}.`, { scope }),
    challenge: `${realm}, error="insufficient_scope", scope="${scope}"`
  }
}

function sinceWhen ({ how, at }: NonNullable<KeyHolder['ended']>): string {
  return how === 'expired' ? `expired at ${at.toISOString()}` : `was revoked at ${at.toISOString()}`
}

// A page of anybody's, open in a browser on this machine, can reach a loopback port under a name that it has pointed here
// (DNS rebinding), and no key would stop it. It cannot choose the name that its browser sends along.
function refuseForeignHost (host: string | undefined): AuthRefusal | null {
  if (host === undefined || isLoopbackName(host.replace(/:\d*$/, ''))) return null
  return unauthorized('Without keys the service serves its own machine only, as localhost, 127.0.0.1 or [::1]. Make a key to use it under another name: `npm run keys`.')
}
