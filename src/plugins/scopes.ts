import type { RouteOptions } from 'fastify'
import { withProblems, scopeProblems } from '../contract/problem-responses.ts'
import type { Scope } from '../domain/keys.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key must let do for this call; `none`: no key is asked for. */
    scope?: Scope | 'none'
  }
}

// Probes have no keys; the description of the service holds no data, and is read before there is a key.
const open = /^\/(health\/|docs(\/|$)|openapi\.json$)/

/**
 * Gives every route its scope: the one it says, otherwise `read` for reads and `operate` for all else, so that a route
 * that nobody thought about asks for a key. And declares what a route with a scope can answer.
 */
export function declareScope (route: RouteOptions): void {
  const scope = route.config?.scope ?? scopeOf(route)
  route.config = { ...route.config, scope }
  if (scope === 'none' || route.schema?.response === undefined) return
  route.schema = { ...route.schema, response: withProblems(route.schema.response as Record<number, object>, ...scopeProblems) }
}

function scopeOf ({ url, method }: RouteOptions): Scope | 'none' {
  if (open.test(url)) return 'none'
  return [method].flat().every((one) => one === 'GET' || one === 'HEAD') ? 'read' : 'operate'
}
