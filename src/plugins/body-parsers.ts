import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { isUtf8 } from 'node:buffer'
import { invalid, type Problem, problem } from '../contract/problems.ts'
import { jsonFault } from '../domain/json-fault.ts'
import { exceededLimit, jsonLimits } from '../domain/json-size.ts'
import { encodingFault } from '../domain/text-encoding.ts'
import { maxBodyLevels, depthOf, storageFault } from '../domain/values.ts'
import { readExactly } from '../domain/whole-numbers.ts'
import { bodyTurns, turnBytes } from './body-turns.ts'
import { fairGate } from './fair-gate.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A request without a body is treated as one with the body `{}`. */
    bodyOptional?: boolean
    /** The largest body that the route accepts: `small` (1 MiB) unless it says `medium` (4 MiB) or `large`. Never more than BODY_LIMIT_BYTES. */
    body?: keyof typeof bodyLimits
  }
}

const bodyLimits = { small: 1_048_576, medium: 4_194_304, large: Infinity } as const
/** So many bodies of more than 1 MiB arrive at the same time. They are kept in memory until they are complete. */
const largeBodies = 4
const largeBodyWaitMs = 5000
/** How long a body waits to be parsed. Each leaves the event loop to others for some time. */
const turnWaitMs = 15_000

/** Parses JSON bodies. Refuses invalid UTF-8 and invalid JSON, and values that PostgreSQL cannot store, and says where they are. */
export const bodyParsers = plugin(async (app: FastifyInstance, { bodyLimitBytes }: { bodyLimitBytes: number }) => {
  const gate = fairGate(() => largeBodies, largeBodyWaitMs, 'Other large bodies are still arriving. Retry in one second.')

  const turns = bodyTurns(turnWaitMs)

  app.addHook('onRoute', (route) => {
    route.bodyLimit ??= Math.min(bodyLimits[route.config?.body ?? 'small'], bodyLimitBytes)
  })

  app.addHook('onRequest', (request, _reply, done) => {
    if (!takesBody(request)) {
      // Some clients send `{}` with every request. It is parsed below, to see that it is empty.
      if (mayBeEmptyObject(request)) return done()
      if (hasBody(request) && !request.is404) return done(noBodyAccepted())
      // Some clients always send a content type, also without a body.
      delete request.headers['content-type']
    } else if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
      return done(problem('unsupported-media-type', 'Send the body uncompressed. Compressed bodies are not accepted.', { supported: ['identity'] }))
    }
    done()
  })

  // Before the body is read. The place is free again when the request has ended in any way.
  app.addHook('preParsing', (request, reply, payload, done) => {
    if (!canBeLarge(request)) return done(null, payload)
    const ended = new Promise<void>((resolve) => { reply.raw.once('close', resolve).once('finish', resolve) })
    gate.run(request.actor ?? request.ip, async () => {
      done(null, payload)
      await ended
    }).catch(done)
  })

  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length > turnBytes) {
      turns.take(request.actor ?? request.ip, () => readJson(body)).then((value) => done(null, value), done)
      return
    }
    try {
      done(null, body.length === 0 && request.routeOptions.config.bodyOptional ? undefined : readJson(body))
    } catch (error) {
      done(error as Error)
    }
  })

  app.addHook('preValidation', (request, _reply, done) => {
    if (mayBeEmptyObject(request) && !takesBody(request)) {
      if (request.body !== null && Object.keys(request.body as object).length > 0) return done(noBodyAccepted())
      request.body = undefined
    }
    if (request.body === undefined && request.routeOptions.config.bodyOptional) request.body = {}
    done()
  })
}, { name: 'body-parsers' })

// A body without Content-Length can have any size.
function canBeLarge ({ headers, routeOptions }: FastifyRequest): boolean {
  if (routeOptions.bodyLimit <= bodyLimits.small) return false
  return headers['content-length'] === undefined ? headers['transfer-encoding'] !== undefined : Number(headers['content-length']) > bodyLimits.small
}

function takesBody ({ is404, routeOptions }: FastifyRequest): boolean {
  return !is404 && routeOptions.schema?.body !== undefined
}

function noBodyAccepted () {
  return invalid({ in: 'body', pointer: '', detail: 'is not accepted by this operation; send no body' })
}

/** A short JSON body of a method whose bodies Fastify parses. */
function mayBeEmptyObject ({ headers, method, is404 }: FastifyRequest): boolean {
  const length = Number(headers['content-length'] ?? 0)
  return !is404 && method !== 'GET' && method !== 'HEAD' && length > 0 && length <= 16 && headers['transfer-encoding'] === undefined &&
    /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')
}

function hasBody ({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Decodes a body. Throws `malformed-body` for invalid UTF-8, instead of replacing bytes. */
export function decodeUtf8 (body: Buffer): string {
  // UTF-16 of Latin letters is valid UTF-8 too, with a NUL at every second place.
  const fault = isUtf8(body) && body[0] !== 0 && body[1] !== 0 ? null : encodingFault(body)
  if (fault !== null) throw problem('malformed-body', `The body is not valid UTF-8: it ${fault}. Save it as UTF-8.`)
  return body.toString('utf8')
}

/** Parses a JSON body. Throws a problem for invalid JSON, and for values that are too large or cannot be stored. */
export function readJson (body: Buffer): unknown {
  const limit = exceededLimit(body)
  if (limit !== null && limit !== 'levels') throw tooManyInBody(limit)
  const raw = decodeUtf8(body)
  // Some editors and shells write a byte order mark at the start of UTF-8 text.
  const text = raw.startsWith('\ufeff') ? raw.slice(1) : raw
  if (text === '') throw problem('malformed-body', 'The content type is JSON, but the body is empty.')
  if (limit === 'levels') refuseDeep(text)
  const parsed = parseJson(text)
  const value = depthOf(parsed, maxBodyLevels + 1) > maxBodyLevels ? parsed : readExactly(text, parsed)
  const fault = storageFault(value)
  if (fault) throw invalid({ in: 'body', ...fault })
  return value
}

/** The problem of a body with too many values or digits, or with an object that has too many members. */
export function tooManyInBody (limit: Exclude<keyof typeof jsonLimits, 'levels'>): Problem {
  const { values, members, digits } = jsonLimits
  switch (limit) {
    case 'values': return problem('body-too-large', `The body has more than ${values} values. Send it in several requests.`, { max_values: values })
    case 'members': return problem('body-too-large', `An object of the body has more than ${members} members.`, { max_members: members })
    case 'digits': return problem('body-too-large',
      `The numbers of the body have more than ${digits} digits when they are written without an exponent: 1e308 has 309. Send fewer of them in one request, or send them as text.`, { max_digits: digits })
  }
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(text) ?? problem('malformed-body', 'The body is not valid JSON.')
  }
}

// Without JSON.parse, which is recursive.
function refuseDeep (text: string): never {
  throw malformed(text) ?? invalid({ in: 'body', pointer: '', detail: `must not be nested deeper than ${maxBodyLevels} levels` })
}

function malformed (text: string): Problem | null {
  const fault = jsonFault(text)
  if (fault === null) return null
  const { line, column, expected } = fault
  return problem('malformed-body', `The body is not valid JSON: line ${line}, column ${column}: expected ${expected}.`, { line, column })
}
