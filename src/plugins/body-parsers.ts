import type { FastifyInstance, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { isUtf8 } from 'node:buffer'
import { invalid, problem } from '../contract/problems.ts'
import { jsonFault } from '../domain/json-fault.ts'
import { hasMoreValues } from '../domain/json-size.ts'
import { unstorable } from '../domain/values.ts'

declare module 'fastify' {
  /** `bodyOptional`: to send no body is the same as to send `{}`. */
  interface FastifyContextConfig { bodyOptional?: boolean }
}

/** Values that a JSON body may hold. 500,000 empty objects take 40 MiB once they are parsed; a batch of 5,000 steps has 100 values for each. */
const mostValues = 500_000

/** JSON bodies: UTF-8, well-formed text, finite numbers, no deeper than anything here is; what cannot be stored is told with its place. */
export const bodyParsers = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!takesBody(request)) {
      if (hasBody(request) && !request.is404) return done(invalid({ in: 'body', pointer: '', detail: 'is not taken by this call: send none' }))
      // clients that always name a content type mean nothing by it when they send no body
      delete request.headers['content-type']
    } else if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
      return done(problem('unsupported-media-type', 'Send the body as it is: compressed ones are not taken.', { supported: ['identity'] }))
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
}, { name: 'bodies' })

function takesBody ({ is404, routeOptions }: FastifyRequest): boolean {
  return !is404 && routeOptions.schema?.body !== undefined
}

function hasBody ({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The text of a body; bytes that are not UTF-8 are refused rather than replaced. */
export function decodeUtf8 (body: Buffer): string {
  if (!isUtf8(body)) throw problem('malformed-body', 'The body is not valid UTF-8.')
  return body.toString('utf8')
}

function readJson (body: Buffer): unknown {
  if (hasMoreValues(body, mostValues)) {
    throw problem('body-too-large', `The body holds more than ${mostValues} values. Send it in parts.`, { most_values: mostValues })
  }
  const raw = decodeUtf8(body)
  // some editors and shells begin UTF-8 with a byte order mark
  const text = raw.startsWith('\ufeff') ? raw.slice(1) : raw
  if (text === '') throw problem('malformed-body', 'The content type says JSON, but the body is empty.')
  const value = parsed(text)
  const fault = unstorable(value)
  if (fault) throw invalid({ in: 'body', ...fault })
  return value
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const { line, column, expected } = jsonFault(text)!
    throw problem('malformed-body', `The body is not valid JSON: line ${line}, column ${column}: here must be ${expected}.`, { line, column })
  }
}
