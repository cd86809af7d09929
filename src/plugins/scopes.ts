import type { RouteOptions } from 'fastify'
import { withProblems, scopeProblems } from '../contract/problem-responses.ts'
import type { ScopeName } from '../domain/keys.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that a key must have for this operation. `none`: no key is needed. */
    scope?: ScopeName | 'none'
    /** Requests from this machine need no key. */
    openOnLoopback?: boolean
  }
}

// Health probes have no keys. The files of the pages and the API documentation contain no data, and are read before the first key exists.
const withoutKey = /^\/(health\/|docs(\/|$)|assets\/|(openapi|asyncapi)\.json$)/

/**
 * Sets the scope of every route that declares none: `read` for GET and HEAD, otherwise `operate`. So a new route always needs
 * a key. Also declares the problems that a route with a scope can return.
 */
export function declareScope (route: RouteOptions): void {
  const scope = route.config?.scope ?? scopeOf(route)
  route.config = { ...route.config, scope }
  if (scope === 'none' || route.schema?.response === undefined) return
  route.schema = { ...route.schema, response: withProblems(route.schema.response as Record<number, object>, ...scopeProblems) }
}

function scopeOf ({ url, method }: RouteOptions): ScopeName | 'none' {
  if (withoutKey.test(url)) return 'none'
  return [method].flat().every((one) => one === 'GET' || one === 'HEAD') ? 'read' : 'operate'
}
