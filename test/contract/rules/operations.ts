import { scopes, type ScopeName } from '../../../src/domain/keys.ts'
import { answersOf, mediaOf, operationsOf, resolved, type Json, type Rule } from './rule.ts'

const outsideOfApi = ['/health/live', '/health/ready', '/metrics']
const withoutKey = ['GET /health/live', 'GET /health/ready', 'POST /api/session', 'DELETE /api/session']
const jsonOnly = ['application/json']
const parquet = 'application/vnd.apache.parquet'
/** What is not JSON, by call: the lab file, the certificate and the source of a process are the labs' own files; metrics are as Prometheus wants them; tables are Parquet. */
const otherMedia: Readonly<Record<string, readonly string[]>> = {
  putLabConfig: ['application/yaml', 'application/x-yaml', 'text/yaml'],
  getLabConfig: ['application/yaml', 'application/x-yaml', 'text/yaml'],
  listEvents: ['application/cloudevents-batch+json', parquet],
  listSteps: [parquet],
  listContainers: [parquet],
  listExperiments: [parquet],
  putCertificate: ['application/x-pem-file', 'text/plain'],
  getCertificate: ['application/x-pem-file', 'text/plain'],
  getProcessSource: ['text/plain'],
  getMetrics: ['text/plain'],
  streamEvents: ['text/event-stream']
}

export const operationRules: readonly Rule[] = [
  {
    rule: 'every path is under /api, but for health and metrics',
    why: 'What is under /api is the promise to clients; gateways route by it.',
    faults: (document) => Object.keys(document.paths).filter((path) => !path.startsWith('/api/') && !outsideOfApi.includes(path)),
    breaking: (document) => { document.paths['/things'] = document.paths['/api/things'] }
  },
  {
    rule: 'paths are lower case, and a parameter is named in snake_case',
    why: 'One spelling for all; and no generated client has to guess how to name an argument.',
    faults: (document) => Object.keys(document.paths).filter((path) => !/^(\/([a-z][a-z-]*|\{[a-z][a-z_]*\}))+$/.test(path)),
    breaking: (document) => { document.paths['/api/Things'] = document.paths['/api/things'] }
  },
  {
    rule: 'every operation has an operationId of its own, in camelCase',
    why: 'Generated clients name their functions after it.',
    faults: (document) => {
      const seen = new Set<string>()
      return operationsOf(document).flatMap(({ at, operation: { operationId } }) => {
        if (typeof operationId !== 'string' || !/^[a-z]+([A-Z][a-z]+)*$/.test(operationId)) return [`${at}: ${operationId}`]
        if (seen.has(operationId)) return [`${at}: ${operationId} is there twice`]
        seen.add(operationId)
        return []
      })
    },
    breaking: (document) => { document.paths['/api/things/{device}'].get.operationId = 'listThings' }
  },
  {
    rule: 'every operation has a summary of one line without a full stop, and a description in sentences',
    why: 'The summary is the line in lists and menus; the description is what a user reads before calling.',
    faults: (document) => operationsOf(document).flatMap(({ at, operation: { summary, description } }) => [
      ...(/^[A-Z].{5,60}[^.\s]$/.test(summary ?? '') ? [] : [`${at}: summary "${summary}"`]),
      ...(/^\S[^]{8,}\.$/.test(description ?? '') ? [] : [`${at}: description "${description}"`])
    ]),
    breaking: (document) => { document.paths['/api/things'].get.description = 'things' }
  },
  {
    rule: 'every operation needs one scope, and says which; health, signing in and signing out need none',
    why: 'A route that nobody thought about must not be open; and who makes a key wants to know what it is good for.',
    faults: (document) => operationsOf(document).filter(({ at, operation: { security, description } }) => {
      const needed: string[] = security?.[0]?.key ?? []
      if (withoutKey.includes(at)) return security?.length !== 0
      return security?.length !== 2 || security[1].session?.join() !== needed.join() || needed.length !== 1 || !scopes.includes(needed[0] as ScopeName) || !description.endsWith(`Scope: \`${needed[0]}\`.`)
    }).map(({ at }) => at),
    breaking: (document) => { document.paths['/api/things'].get.security = [] }
  },
  {
    rule: 'every operation has one tag, and the document describes each',
    why: 'Tags are the chapters of the documentation.',
    faults: (document) => {
      const known = document.tags.map(({ name }: Json) => name)
      return [
        ...operationsOf(document).filter(({ operation: { tags } }) => tags?.length !== 1 || !known.includes(tags[0])).map(({ at }) => at),
        ...document.tags.filter(({ name, description }: Json) => !description || !operationsOf(document).some(({ operation }) => operation.tags?.includes(name))).map(({ name }: Json) => name)
      ]
    },
    breaking: (document) => { document.paths['/api/things'].get.tags = ['other'] }
  },
  {
    rule: 'a request body is required unless nothing in it is, and JSON unless it is one of the labs\' own files',
    why: 'Who has something to say must say it; who has nothing need not send {}.',
    faults: (document) => operationsOf(document).filter(({ operation: { requestBody, operationId } }) => requestBody !== undefined &&
      ((requestBody.required !== true && !maySayNothing(document, requestBody)) || !isMedia(operationId, Object.keys(requestBody.content)))).map(({ at }) => at),
    breaking: (document) => { document.paths['/api/things'].post.requestBody.content['text/html'] = document.paths['/api/things'].post.requestBody.content['application/json'] }
  },
  {
    rule: 'success is JSON, which events can be as CloudEvents, unless it is one of the labs\' own files or the metrics',
    why: 'Clients ask once how to read an answer.',
    faults: (document) => answersOf(document).filter(({ status, answer, operation }) => status < 300 && status !== 204 &&
      !isMedia(operation.operationId, Object.keys(answer.content ?? {}))).map(({ at }) => at),
    breaking: (document) => { document.paths['/api/things'].get.responses[200].content = { 'text/html': { schema: { type: 'string' } } } }
  },
  {
    rule: '204 and 304 have no content',
    why: 'HTTP forbids it, and generators make code of it that fails.',
    faults: (document) => answersOf(document).filter(({ status, answer }) => (status === 204 || status === 304) && answer.content !== undefined).map(({ at }) => at),
    breaking: (document) => { document.paths['/api/things'].get.responses[204] = { description: 'Nothing.', content: { 'application/json': { schema: { type: 'null' } } } } }
  },
  {
    rule: 'every answer is described, and in words of its own',
    why: '"Default Response" is what the framework writes when nobody did.',
    faults: (document) => answersOf(document).filter(({ answer: { description } }) => !description || description === 'Default Response').map(({ at }) => at),
    breaking: (document) => { document.paths['/api/things'].get.responses[200].description = 'Default Response' }
  },
  {
    rule: 'what creates one thing says where it is; what creates many answers them in order',
    why: 'Clients follow `Location`; a batch is read side by side with its request.',
    faults: (document) => answersOf(document).filter(({ path, status, answer }) => status === 201 && (path.endsWith('/batch')
      ? Object.keys(bodyOf(document, answer)?.properties ?? {}).join() !== 'items'
      : answer.headers?.Location === undefined)).map(({ at }) => at),
    breaking: (document) => { delete document.paths['/api/things'].post.responses[201].headers }
  },
  {
    rule: 'an answer with an ETag can be asked for with If-None-Match, and then be a 304',
    why: 'Labs poll; a tag that cannot be given back is of no use.',
    faults: (document) => answersOf(document).filter(({ status, answer, operation }) => status === 200 && answer.headers?.ETag !== undefined &&
      !(operation.responses[304] && operation.parameters?.some(({ name, in: part }: Json) => name === 'If-None-Match' && part === 'header'))).map(({ at }) => at),
    breaking: (document) => { delete document.paths['/api/things/{device}'].get.responses[304] }
  },
  {
    rule: 'reading a single thing carries an ETag',
    why: 'Labs poll; an answer that did not change should cost nothing to send.',
    faults: (document) => answersOf(document).filter(({ path, method, status, answer }) => method === 'get' && status === 200 && path.startsWith('/api/') &&
      /\}(\/(certificate|source))?$/.test(path) && answer.headers?.ETag === undefined).map(({ at }) => at),
    breaking: (document) => { delete document.paths['/api/things/{device}'].get.responses[200].headers }
  },
  {
    rule: 'a list is a page, and takes limit, cursor and count; only the slots of a device are a bare array',
    why: 'A list that is not bounded grows until it breaks; and all are read by the same loop.',
    faults: (document) => answersOf(document).filter(({ status }) => status === 200).flatMap(({ at, answer, operation }) => {
      if (operation.operationId === 'listPositions') return []
      const body = bodyOf(document, answer)
      const isPage = body?.properties?.items !== undefined && body.properties.next_cursor !== undefined
      const takes = (operation.parameters ?? []).map(({ name }: Json) => name)
      if (body?.type === 'array') return [`${at}: a bare array`]
      if (isPage && !['limit', 'cursor', 'count'].every((name) => takes.includes(name))) return [`${at}: does not take limit, cursor and count`]
      if (isPage && Object.keys(body.properties).sort().join() !== 'items,next_cursor,total') return [`${at}: a page is items, next_cursor and total`]
      if (!isPage && /^(list|get\w+History$)/.test(operation.operationId)) return [`${at}: is not a page`]
      return []
    }),
    breaking: (document) => { document.paths['/api/things'].get.parameters.shift() }
  },
  {
    rule: 'every path parameter is declared, and everything declared is in the path',
    why: 'A client is generated from both.',
    faults: (document) => operationsOf(document).filter(({ path, operation }) => {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join()
      return inPath !== (operation.parameters ?? []).filter((one: Json) => one.in === 'path').map(({ name }: Json) => name).sort().join()
    }).map(({ at }) => at),
    breaking: (document) => { document.paths['/api/things/{device}'].get.parameters = [] }
  },
  {
    rule: 'every parameter is described, and shows what it takes: examples, an enum, a default, or yes and no',
    why: 'A filter that has to be guessed is not used.',
    faults: (document) => operationsOf(document).flatMap(({ at, operation }) => (operation.parameters ?? []).filter(({ description, schema }: Json) => {
      const { type, examples, enum: values, default: usual } = resolved(document, schema)
      return !description || !(examples?.length > 0 || values || usual !== undefined || type === 'boolean')
    }).map(({ name }: Json) => `${at} ?${name}`)),
    breaking: (document) => { delete document.components.schemas.ThingName.examples }
  }
]

function isMedia (operationId: string, types: readonly string[]): boolean {
  const allowed = [...jsonOnly, ...otherMedia[operationId] ?? []]
  return types.length > 0 && types.every((type) => allowed.includes(type))
}

function bodyOf (document: Json, answer: Json): Json {
  const [media] = mediaOf(answer)
  return media === undefined ? undefined : resolved(document, media.schema)
}

function maySayNothing (document: Json, requestBody: Json): boolean {
  const bodies = Object.values(requestBody.content).map((media) => resolved(document, (media as Json).schema))
  return bodies.every(({ required, minProperties }) => (required ?? []).length === 0 && minProperties === undefined)
}
