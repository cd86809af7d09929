import type { ErrorObject, ValidateFunction } from 'ajv'
import type { FastifyInstance } from 'fastify'
import { problemExamples } from '../../src/contract/problem-examples.ts'
import type { ProblemCode } from '../../src/contract/problems.ts'
import { validatorFor } from '../../src/contract/validator.ts'

type Schema = { $id?: string, properties?: object, additionalProperties?: unknown, [key: string]: unknown }
type Declared = Schema & { content?: Record<string, { schema: Schema }> }

const everyProblem = new Set([
  'type', 'title', 'status', 'detail', 'instance', 'code', 'error', 'request_id', 'errors', 'index', 'pointer', 'parameter'
])

// A request can have such names itself.
const namesNothing = /undefined|NaN|object|null/

// All apps of a test file have the same schemas, so compiled validators are shared.
const validators = new Map<string, ValidateFunction>()
let ajv: ReturnType<typeof validatorFor> | undefined

/**
 * Checks every response of the app against its route: declared status, media type and schema, and no undeclared members. So
 * every test also tests the contract. Differences are passed to `report`.
 */
export function checkAnswers (app: FastifyInstance, report: (fault: string) => void): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const declared = request.routeOptions.schema?.response as Record<number, Declared> | undefined
    // A 405 for an undefined method does not belong to a route.
    const isNoRoute = request.is404 || (reply.statusCode === 405 && !String(reply.getHeader('allow')).split(', ').includes(request.method))
    if (isNoRoute || declared === undefined || reply.statusCode === 304) return payload
    const call = `${request.method} ${request.routeOptions.url} -> ${reply.statusCode}`
    const entry = declared[reply.statusCode]
    if (entry === undefined) {
      report(`${call}: this status is not declared (${String(payload).slice(0, 300)})`)
      return payload
    }
    if (payload === null || payload === undefined || payload === '' || typeof payload !== 'string') return payload
    const type = String(reply.getHeader('content-type')).split(';')[0]!
    if (entry.content !== undefined && entry.content[type] === undefined) report(`${call}: the media type ${type} is not declared`)
    const schema = entry.content === undefined ? entry : entry.content[type]?.schema
    if (schema === undefined || !type.includes('json')) return payload
    ajv ??= validatorFor(Object.values(app.getSchemas() as Record<string, Schema>).map(closed))
    const validate = validators.get(`${call} ${type}`) ?? ajv.compile(closed(schema))
    validators.set(`${call} ${type}`, validate)
    if (!validate(JSON.parse(payload))) report(`${call}: ${faultsOf(validate.errors ?? [])} in ${payload.slice(0, 500)}`)
    if (reply.statusCode >= 400) {
      const refusal = JSON.parse(payload) as { code: ProblemCode, status: number, detail: string }
      const examples = (entry.content?.[type] as { examples?: Record<string, unknown> } | undefined)?.examples ?? {}
      if (!(refusal.code in examples)) report(`${call}: the problem ${refusal.code} is not declared`)
      if (refusal.status !== reply.statusCode) report(`${call}: the problem says ${refusal.status}`)
      if (/\b(undefined|NaN)\b|\[object |"null"/.test(refusal.detail) && !namesNothing.test(request.url + JSON.stringify(request.body))) report(`${call}: a value is lacking in "${refusal.detail}"`)
      const unheard = Object.keys(refusal).filter((member) => !everyProblem.has(member) && !(member in (problemExamples[refusal.code] ?? {})))
      if (unheard.length > 0) report(`${call}: the example of ${refusal.code} does not show ${unheard.join(', ')}`)
    }
    return payload
  })
}

function faultsOf (errors: readonly ErrorObject[]): string {
  return errors.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`).join('; ')
}

// Schemas allow additional members, so that later versions can add some. Here, undeclared members are errors.
function closed<T> (schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)])) as Schema
  if (copy.properties !== undefined && copy.type === 'object' && !('additionalProperties' in copy)) copy.additionalProperties = false
  return copy as T
}
