import type { FastifyRequest } from 'fastify'
import { hash } from 'node:crypto'
import { invalid } from '../contract/problems.ts'
import { digestOfRequest } from '../domain/canonical.ts'
import type { RequestKey } from '../store/idempotency.ts'

// visible ASCII characters
const keyShape = /^[\x21-\x7e]{1,255}$/

/**
 * The idempotency key of a request. Null without the header `Idempotency-Key`; throws a 400 for an invalid one. By the draft
 * (draft-ietf-httpapi-idempotency-key-header) the value is a quoted Structured Field string. Most clients send it without
 * quotes, which means the same.
 */
export function requestKey (request: FastifyRequest): RequestKey | null {
  const key = validKey(request)
  if (key === null) return null
  const [path, query = ''] = request.url.split(/\?(.*)/s)
  return {
    digest: hash('sha256', JSON.stringify([request.actor ?? null, request.method, path, key])),
    requestDigest: digestOfRequest([query, request.body ?? null]),
    actor: request.actor ?? null
  }
}

/** The text of the header. Null without it; throws a 400 for an invalid one. */
export function validKey ({ headers }: FastifyRequest): string | null {
  const given = headers['idempotency-key']
  if (given === undefined) return null
  const key = Array.isArray(given) ? null : unquoted(given)
  if (key === null || !keyShape.test(key)) {
    throw invalid({ in: 'headers', parameter: 'Idempotency-Key', detail: 'must be one text of 1 to 255 visible ASCII characters, such as a UUID' })
  }
  return key
}

function unquoted (given: string): string | null {
  if (!given.startsWith('"')) return given.includes('"') ? null : given
  const [, inner] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(given) ?? []
  return inner?.replace(/\\(["\\])/g, '$1') ?? null
}
