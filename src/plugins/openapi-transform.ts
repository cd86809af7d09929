import type { FastifySchema, RouteOptions } from 'fastify'
import type { ScopeName } from '../domain/keys.ts'
import { maxIfMatchLength } from './if-match.ts'
import { isApiWrite } from './api-writes.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The response is a stream that resumes after `Last-Event-ID`. */
    resumes?: boolean
  }
}

// Adds to the OpenAPI document what all routes have in common and @fastify/swagger does not know.

type Schema = { $ref?: string, description?: string, examples?: unknown[] }
type Parameter = { name?: string, description?: string, example?: unknown, schema?: Schema }
type Operation = { parameters?: Parameter[], requestBody?: { required?: boolean }, 'x-body-optional'?: boolean }
type Document = {
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

const anEtag = '"3-kq8W2v0r1mYx5ZcT"'
const location = { type: 'string', format: 'uri-reference', description: 'The path of the created object.', examples: ['/api/containers/0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'] }
const labRevision = { type: 'integer', description: 'The revision of the lab after this request; of a request that changed nothing, the present one. Send it as `min_revision` to read nothing older.', examples: [4712] }
const etag = { type: 'string', description: 'Identifies this response. Send it as `If-None-Match` to ask for changes.', examples: [anEtag] }
const ifNoneMatch = { type: 'string', description: 'An `ETag` of an earlier response. If the response would be the same, the service responds with 304 and no body.', examples: [anEtag] }
const ifMatch = {
  type: 'string', maxLength: maxIfMatchLength, description: 'The `ETag` or the quoted version of the object to change. If the object has changed since, the service responds with 412 and changes nothing.', examples: [anEtag]
}
const lastEventId = {
  type: 'string', minLength: 1, maxLength: 16, pattern: '^\\d{1,16}$', description: 'The `id` of the last frame that you have: the stream begins after it. Browsers send it when they connect again. The larger one of this and `after` counts.', examples: ['4712']
}
const idempotencyKey = {
  type: 'string', minLength: 1, maxLength: 257,
  description: 'A unique text for this request, such as a UUID. A retry with the same key within 24 hours returns the original response and changes nothing. Of more than 100,000 responses or 256 MiB of one client the oldest are forgotten earlier.',
  examples: ['0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21']
}

/** Adds the scope of the route, and the request and response headers that plugins handle, to the schema of a route. */
export function describeRoute ({ schema: described, url, route }: { schema: FastifySchema, url: string, route: Pick<RouteOptions, 'config' | 'method'> }) {
  const schema = withScope(described, route.config?.scope)
  const response = { ...schema.response as Record<number, object> }
  const requestHeaders: Record<string, object> = {}
  if (response[201] !== undefined && !url.endsWith('/batch')) response[201] = { ...response[201], headers: { Location: location } }
  if (url.startsWith('/api/') && !route.config?.secret && !['GET', 'HEAD'].includes(String(route.method))) requestHeaders['Idempotency-Key'] = idempotencyKey
  if (route.config?.changes) requestHeaders['If-Match'] = ifMatch
  if (route.config?.resumes) requestHeaders['Last-Event-ID'] = lastEventId
  if (route.config?.etag) {
    requestHeaders['If-None-Match'] = ifNoneMatch
    response[200] = { ...response[200], headers: { ETag: etag } }
    response[304] = { type: 'null', description: 'The response has not changed since the one that `If-None-Match` names.', headers: { ETag: etag } }
  }
  if (isApiWrite({ url, method: route.method, config: route.config })) {
    for (const status of [200, 201, 202, 204]) if (response[status] !== undefined) response[status] = withHeader(response[status], 'Lab-Revision', labRevision)
  }
  const headers = Object.keys(requestHeaders).length === 0 ? {} : { headers: { type: 'object', properties: requestHeaders } }
  // @fastify/swagger marks every body as required. `finishDocument` corrects it.
  const body = route.config?.bodyOptional ? { 'x-body-optional': true } : {}
  return { url, schema: { ...schema, ...headers, ...body, response } }
}

function withHeader (response: object, name: string, header: object): object {
  return { ...response, headers: { ...(response as { headers?: object }).headers, [name]: header } }
}

// OpenAPI 3.1 has roles of a bearer scheme for this, but people read the description.
function withScope (schema: FastifySchema, scope: ScopeName | 'none' = 'none'): FastifySchema {
  if (scope === 'none') return { ...schema, security: [] }
  return { ...schema, security: [{ key: [scope] }, { session: [scope] }], description: `${schema.description}\n\nScope: \`${scope}\`.` }
}

/** Completes the document: descriptions and examples of parameters, optional bodies, components sorted by name (for small diffs). */
export function finishDocument<D extends object> (made: D): D {
  const document = made as Document
  const schemas = document.components?.schemas ?? {}
  for (const operation of Object.values(document.paths ?? {}).flatMap((path) => Object.values(path))) {
    for (const parameter of operation.parameters ?? []) finishParameter(parameter, schemas)
    if (operation['x-body-optional'] && operation.requestBody !== undefined) operation.requestBody.required = false
    delete operation['x-body-optional']
  }
  for (const schema of Object.values(schemas)) unwrapReferences(schema)
  const byName = Object.entries(schemas).sort(([a], [b]) => a < b ? -1 : 1)
  return { ...made, components: { ...document.components, schemas: Object.fromEntries(byName) } }
}

/** A described reference (`ref` in src/contract/common.ts) is a $ref with its description beside it. */
function unwrapReferences (node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  const schema = node as Schema & { allOf?: [{ $ref: string }] }
  const wrapped = schema.allOf?.length === 1 ? schema.allOf[0].$ref : undefined
  if (wrapped !== undefined) {
    const { description } = schema
    delete schema.allOf
    delete schema.description
    Object.assign(schema, { $ref: wrapped, description })
  }
  for (const child of Object.values(node)) unwrapReferences(child)
}

function finishParameter (parameter: Parameter, schemas: Record<string, Schema>): void {
  const { name, schema, example } = parameter
  if (schema?.$ref !== undefined) parameter.description ??= schemas[schema.$ref.slice('#/components/schemas/'.length)]?.description ?? ''
  // /docs fills in this example, so that trying a call there changes nothing unless the user wants it.
  if (name === 'dry_run') parameter.example = true
  if (schema === undefined || example === undefined) return
  // Documentation pages fill in a parameter's `example` when people try a request, also for filters that they do not use.
  // An example in the schema is only shown.
  schema.examples = [example]
  delete parameter.example
}
