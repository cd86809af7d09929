import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { isUtf8 } from 'node:buffer'
import { invalid, problem } from '../contract/problems.ts'
import { jsonFault } from '../domain/json-fault.ts'
import { encodingFault } from '../domain/text-encoding.ts'
import { deepestBody, depthOf, unstorable } from '../domain/values.ts'
import { readExactly } from '../domain/whole-numbers.ts'

declare module 'fastify' {
  /** With `bodyOptional`, a request without a body is treated as one with the body `{}`. */
  interface FastifyContextConfig { bodyOptional?: boolean }
}

/** Parses JSON bodies. Refuses invalid UTF-8 and invalid JSON, and values that PostgreSQL cannot store, and says where they are. */
export const bodyParsers = plugin(async (app: FastifyInstance) => {
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

  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    try {
      done(null, body.length === 0 && request.routeOptions.config.bodyOptional ? undefined : readJson(decodeUtf8(body)))
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

function readJson (raw: string): unknown {
  // Some editors and shells write a byte order mark at the start of UTF-8 text.
  const text = raw.startsWith('\ufeff') ? raw.slice(1) : raw
  if (text === '') throw problem('malformed-body', 'The content type is JSON, but the body is empty.')
  const parsed = parseJson(text)
  const value = depthOf(parsed, deepestBody + 1) > deepestBody ? parsed : readExactly(text, parsed)
  const fault = unstorable(value)
  if (fault) throw invalid({ in: 'body', ...fault })
  return value
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const { line, column, expected } = jsonFault(text)!
    throw problem('malformed-body', `The body is not valid JSON: line ${line}, column ${column}: expected ${expected}.`, { line, column })
  }
}
