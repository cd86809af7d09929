import type { FastifyRequest } from 'fastify'
import { hash } from 'node:crypto'
import { invalid } from '../contract/problems.ts'
import { digestOfRequest } from '../domain/canonical.ts'
import type { RequestKey } from '../store/idempotency.ts'

// what a key can be made of: a UUID will do
const keyShape = /^[\x21-\x7e]{1,255}$/

/**
 * The key of a request that carries `Idempotency-Key`, null when it carries none. The header is a text in quotes
 * (draft-ietf-httpapi-idempotency-key-header, a Structured Field string); most clients send it without, which is the same.
 */
export function requestKey (request: FastifyRequest): RequestKey | null {
  const given = request.headers['idempotency-key']
  if (given === undefined) return null
  const key = Array.isArray(given) ? null : unquoted(given)
  if (key === null || !keyShape.test(key)) {
    throw invalid({ in: 'headers', parameter: 'Idempotency-Key', detail: 'must be one text of 1 to 255 visible ASCII characters, such as a UUID' })
  }
  const [path, query = ''] = request.url.split(/\?(.*)/s)
  return {
    digest: hash('sha256', JSON.stringify([request.actor ?? null, request.method, path, key])),
    requestDigest: digestOfRequest([query, request.body ?? null])
  }
}

function unquoted (given: string): string | null {
  if (!given.startsWith('"')) return given.includes('"') ? null : given
  const [, inner] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(given) ?? []
  return inner?.replace(/\\(["\\])/g, '$1') ?? null
}
