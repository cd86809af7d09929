import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import Router from 'find-my-way'
import { problemBody, problemType } from '../contract/problem-responses.ts'
import { invalid, Problem, problem, type ProblemCode } from '../contract/problems.ts'
import { redactMessage, redactUrl } from '../domain/keys.ts'
import { databaseFault, databaseProblem } from '../store/errors.ts'
import { parametersOf } from './request-log.ts'
import { describeValidationErrors } from './validation-errors.ts'

/** Sends every error as a problem, from the error handler, the not-found handler and `frameworkErrors`. */
export const errors = plugin(async (app: FastifyInstance) => {
  const paths = new Set<string>()
  const routes = Router({ ignoreTrailingSlash: false, maxParamLength: maxParamLength })
  app.addHook('onRoute', (route) => {
    paths.add(route.url)
    for (const method of [route.method].flat()) {
      if (routes.findRoute(method as 'GET', route.url) === null) routes.on(method as 'GET', route.url, () => {})
    }
  })

  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(toProblem(error, request), request, reply, error))

  // Before the body is read: at a path that does not exist, faults of the body do not matter.
  app.addHook('onRequest', (request, reply, done) => {
    done(request.is404 || isStaticPathTakenForId(request) ? pathOrMethodProblem(request, reply) : undefined)
  })
  app.setNotFoundHandler((request, reply) => sendProblem(pathOrMethodProblem(request, reply), request, reply))

  function pathOrMethodProblem (request: FastifyRequest, reply: FastifyReply): Problem {
    const path = pathOf(request.url)
    const withoutSlash = path.replace(/\/+$/, '')
    if (withoutSlash !== path && methodsOf(withoutSlash).length > 0) {
      return problem('route-not-found', `The path ${redactUrl(path, null)} does not exist. Leave out the slash at its end: ${redactUrl(withoutSlash, null)}.`)
    }
    const allowed = methodsOf(path)
    // If the method is allowed, a route handled the request and found nothing, for example no static file. That is a 404.
    if (allowed.length === 0 || allowed.some((method) => method === request.method)) {
      return problem('route-not-found', `The path ${redactUrl(path, null)} does not exist. /openapi.json lists all paths.`)
    }
    reply.header('allow', allowed.join(', '))
    return problem('method-not-allowed', `${request.method} is not allowed here. Use ${allowed.join(', ').replace(/, ([A-Z]+)$/, ' or $1')}.`, { allowed })
  }

  // /steps/batch is a separate path and never a step. But /containers/batch can be a container, since any text can be a barcode.
  function isStaticPathTakenForId ({ method, routeOptions, url }: FastifyRequest): boolean {
    if (routeOptions.url?.endsWith('/:id') !== true) return false
    const path = pathOf(url)
    return paths.has(path) && !methodsOf(path).some((allowed) => allowed === method)
  }

  // The methods of the most specific route: /steps/batch is not the step "batch", so PATCH is not allowed there.
  function methodsOf (path: string): (typeof methods)[number][] {
    const found = methods.flatMap((method) => {
      const route = routes.find(method, path)
      return route === null ? [] : [{ method, parameters: Object.keys(route.params).length }]
    })
    const fewest = Math.min(...found.map(({ parameters }) => parameters))
    return found.filter(({ parameters }) => parameters === fewest).map(({ method }) => method)
  }
}, { name: 'errors' })

declare module 'fastify' {
  interface FastifyRequest {
    /** The problem that was sent, for the log. */
    refusal?: Problem
    /** The SQLSTATE with which the database made the request fail; `none` if it did not answer at all. */
    sqlstate?: string | undefined
  }
  interface FastifyContextConfig {
    /** The route is a page for people: it shows its problems itself. Links of other pages may lead to it. */
    problemPage?: (found: Problem, request: FastifyRequest, reply: FastifyReply) => string
  }
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Names have at most 200 characters. The router counts decoded characters, so 1024 leaves room. */
export const maxParamLength = 1024

/** Fastify's `frameworkErrors`: sends errors that occur before routing. */
export function frameworkProblem (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const known = error.code === 'FST_ERR_MAX_PARAM_LENGTH'
    ? problem('uri-too-long', 'A segment of the path is longer than any name or id can be.')
    : problem('invalid-request', 'The path is not a valid URL. Write a percent sign as %25.', { errors: [{ in: 'path', detail: error.message }] })
  sendProblem(known, request, reply)
}

function toProblem (error: FastifyError, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error.validation) {
    const faults = describeValidationErrors(error)
    return faults.length > 0 ? invalid(...faults) : problem('invalid-request', error.message, { errors: [] })
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return bodyTooLarge(request.routeOptions.bodyLimit)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_CONTENT_TYPE':
      return problem('unsupported-media-type', 'Send the body as application/json (the lab file also as application/yaml).', { supported: ['application/json'] })
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return problem('malformed-body', 'The length of the body differs from Content-Length.')
  }
  // The client closed the connection. Nobody receives this response, but the log must not blame the database.
  if (error.code === 'ECONNRESET' && error.message === 'aborted') return problem('malformed-body', 'The connection closed before the body was complete.')
  const fromDatabase = databaseProblem(error)
  if (fromDatabase) return fromDatabase
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return problem('invalid-request', error.message, { errors: [] })
  }
  return problem('internal-error', 'The service failed. Search its log for this request id.')
}

function bodyTooLarge (limit: number): Problem {
  return problem('body-too-large', `The body is larger than ${limit} bytes, which is the limit of this operation (at most BODY_LIMIT_BYTES). Send it in several requests.`, { limit })
}

/** When a retry is worth it. A rate limit says it for itself. */
const retryAfterSeconds: Partial<Record<ProblemCode, string>> = {
  'database-unavailable': '2', 'too-busy': '1', 'idempotency-key-running': '1', 'too-many-streams': '5', 'not-yet-replicated': '1'
}

/** With these, the service works as it should: it says when to come again. The line of the request has the code. */
const decided: ReadonlySet<string> = new Set(['too-busy', 'too-many-streams', 'not-yet-replicated'])

function sendProblem (found: Problem, request: FastifyRequest, reply: FastifyReply, cause?: Error): FastifyReply {
  if (found.status >= 500 && !decided.has(found.code)) request.log.error({ err: cause, code: found.code }, found.title)
  else request.log.debug({ code: found.code }, redactMessage(found.message))
  const retryAfter = retryAfterSeconds[found.code]
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  request.refusal = found
  if (found.status === 503) request.sqlstate = sqlstateOf(found, cause)
  const { problemPage } = request.routeOptions.config
  if (problemPage !== undefined) return reply.code(found.status).type('text/html; charset=utf-8').send(problemPage(found, request, reply))
  const body = problemBody(withIndex(found, request), { instance: redactUrl(pathOf(request.url), parametersOf(request)), request_id: request.id })
  return reply.code(found.status).type(problemType).serializer(JSON.stringify).send(body)
}

/** The SQLSTATE of what made a request fail. The error itself has it, or its cause. Undefined if the database was not to blame. */
function sqlstateOf ({ code }: Problem, error: Error | undefined): string | undefined {
  const fault = databaseFault(error) ?? databaseFault(error?.cause)
  return fault?.sqlstate ?? (code === 'database-unavailable' ? 'none' : undefined)
}

/** Calls with many entries that are not called `/batch`. */
const callsWithEntries: ReadonlySet<string> = new Set([
  '/api/arrangements', '/api/stocktakes', '/api/containers/relabel', '/api/containers/lookup', '/api/estimates/remaining'
])

function takesEntries (url: string | undefined): boolean {
  return url !== undefined && (url.endsWith('/batch') || callsWithEntries.has(url))
}

/** Of a call with many entries, the index of the first one that is wrong. */
function withIndex (found: Problem, { routeOptions }: FastifyRequest): Problem {
  const [fault] = (found.members.errors ?? []) as { pointer?: string }[]
  const index = /^\/[^/]+\/(\d+)(?:\/|$)/.exec(fault?.pointer ?? '')?.[1]
  if (index === undefined || found.members.index !== undefined || !takesEntries(routeOptions.url)) return found
  return problem(found.code, found.message, { ...found.members, index: Number(index) })
}

function pathOf (url: string): string {
  return url.split(/[?#]/)[0]!
}
