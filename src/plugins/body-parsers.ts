import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { isUtf8 } from 'node:buffer'
import { invalid, problem } from '../contract/problems.ts'
import { jsonFault } from '../domain/json-fault.ts'
import { hasMoreValues } from '../domain/json-size.ts'
import { unstorable } from '../domain/values.ts'

declare module 'fastify' {
  /** With `bodyOptional`, a request without a body is treated as one with the body `{}`. */
  interface FastifyContextConfig { bodyOptional?: boolean }
}

/** The number of values that a JSON body can have. 500,000 empty objects take 40 MiB after parsing. It leaves 100 values for each of 5,000 steps. */
const maxValues = 500_000

/** Parses JSON bodies. Refuses invalid UTF-8 and invalid JSON, and values that PostgreSQL cannot store, and says where they are. */
export const bodyParsers = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!takesBody(request)) {
      if (hasBody(request) && !request.is404) return done(invalid({ in: 'body', pointer: '', detail: 'is not accepted by this operation; send no body' }))
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
      done(null, body.length === 0 && request.routeOptions.config.bodyOptional ? undefined : readJson(body))
    } catch (error) {
      done(error as Error)
    }
  })

  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.routeOptions.config.bodyOptional) request.body = {}
    done()
  })
}, { name: 'body-parsers' })

function takesBody ({ is404, routeOptions }: FastifyRequest): boolean {
  return !is404 && routeOptions.schema?.body !== undefined
}

function hasBody ({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** Decodes a body. Throws `malformed-body` for invalid UTF-8, instead of replacing bytes. */
export function decodeUtf8 (body: Buffer): string {
  if (!isUtf8(body)) throw problem('malformed-body', 'The body is not valid UTF-8.')
  return body.toString('utf8')
}

function readJson (body: Buffer): unknown {
  if (hasMoreValues(body, maxValues)) {
    throw problem('body-too-large', `The body has more than ${maxValues} values. Send it in several requests.`, { max_values: maxValues })
  }
  const raw = decodeUtf8(body)
  // Some editors and shells write a byte order mark at the start of UTF-8 text.
  const text = raw.startsWith('\ufeff') ? raw.slice(1) : raw
  if (text === '') throw problem('malformed-body', 'The content type is JSON, but the body is empty.')
  const value = parseJson(text)
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
