import type { FastifySchema, RouteOptions } from 'fastify'
import type { Scope } from '../domain/keys.ts'
import { longestIfMatch } from './if-match.ts'

// What @fastify/swagger leaves out of the document, said once for all routes rather than in each.

type Schema = { $ref?: string, description?: string, examples?: unknown[] }
type Parameter = { description?: string, example?: unknown, schema?: Schema }
type Operation = { parameters?: Parameter[], requestBody?: { required?: boolean }, 'x-body-optional'?: boolean }
type Document = {
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

const anEtag = '"3-kq8W2v0r1mYx5ZcT"'
const location = { type: 'string', format: 'uri-reference', description: 'Where the thing can be read.', examples: ['/api/containers/0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'] }
const etag = { type: 'string', description: 'Changes when the answer would; give it back as `If-None-Match`.', examples: [anEtag] }
const ifNoneMatch = { type: 'string', description: 'An `ETag`: answers 304 without a body as long as the answer would be the same.', examples: [anEtag] }
const ifMatch = {
  type: 'string', maxLength: longestIfMatch, description: 'An `ETag` of what is to be changed, or its version in quotes: answers 412 and changes nothing when it was changed since.', examples: [anEtag]
}
const idempotencyKey = {
  type: 'string', minLength: 1, maxLength: 257,
  description: 'A text of your own for this request, such as a UUID: sent again with it within 24 hours, the request answers what it answered, and changes nothing more.',
  examples: ['0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21']
}

/** A route's schema as documented: with the scope it needs, and the headers that the conventions add to requests and answers. */
export function describeRoute ({ schema: described, url, route }: { schema: FastifySchema, url: string, route: Pick<RouteOptions, 'config' | 'method'> }) {
  const schema = withScope(described, route.config?.scope)
  const response = { ...schema.response as Record<number, object> }
  const takes: Record<string, object> = {}
  if (response[201] !== undefined && !url.endsWith('/batch')) response[201] = { ...response[201], headers: { Location: location } }
  if (url.startsWith('/api/') && !route.config?.secret && !['GET', 'HEAD'].includes(String(route.method))) takes['Idempotency-Key'] = idempotencyKey
  if (route.config?.changes) takes['If-Match'] = ifMatch
  if (route.config?.etag) {
    takes['If-None-Match'] = ifNoneMatch
    response[200] = { ...response[200], headers: { ETag: etag } }
    response[304] = { type: 'null', description: 'Still what `If-None-Match` names.', headers: { ETag: etag } }
  }
  const headers = Object.keys(takes).length === 0 ? {} : { headers: { type: 'object', properties: takes } }
  // to the plugin every body is required: `finished` mends that
  const body = route.config?.bodyOptional ? { 'x-body-optional': true } : {}
  return { url, schema: { ...schema, ...headers, ...body, response } }
}

// The roles of a bearer scheme are what OpenAPI 3.1 has for this; people read it in the description.
function withScope (schema: FastifySchema, scope: Scope | 'none' = 'none'): FastifySchema {
  if (scope === 'none') return { ...schema, security: [] }
  return { ...schema, security: [{ key: [scope] }], description: `${schema.description}\n\nScope: \`${scope}\`.` }
}

/** The finished document: every parameter described, with its examples in its schema; components by name, so that a new one moves no other. */
export function finishDocument<D extends object> (made: D): D {
  const document = made as Document
  const schemas = document.components?.schemas ?? {}
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path))) {
    for (const parameter of operation.parameters ?? []) finishParameter(parameter, schemas)
    if (operation['x-body-optional'] && operation.requestBody !== undefined) operation.requestBody.required = false
    delete operation['x-body-optional']
  }
  const byName = Object.entries(schemas).sort(([a], [b]) => a < b ? -1 : 1)
  return { ...made, components: { ...document.components, schemas: Object.fromEntries(byName) } }
}

function finishParameter (parameter: Parameter, schemas: Record<string, Schema>): void {
  const { schema, example } = parameter
  if (schema?.$ref !== undefined) parameter.description ??= schemas[schema.$ref.slice('#/components/schemas/'.length)]?.description ?? ''
  if (schema === undefined || example === undefined) return
  // an example of its own would be sent by those who try the call out, also for a filter that they leave alone
  schema.examples = [example]
  delete parameter.example
}
