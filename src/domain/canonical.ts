import { hash } from 'node:crypto'

/** A JSON value as text that does not depend on the order of keys. Undefined members are left out; null members too, unless `keepNulls`. */
export function canonicalJson (value: unknown, keepNulls = false): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, keepNulls)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const object = value as Readonly<Record<string, unknown>>
  const members = Object.keys(object).sort()
    .filter((key) => object[key] !== undefined && (keepNulls || object[key] !== null))
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key], keepNulls)}`)
  return `{${members.join(',')}}`
}

/** The SHA-256 (hex) of the canonical body of a create, which recognises a retry. The case of the id does not matter. */
export function digestOf (body: unknown): string {
  return hash('sha256', canonicalJson(isWithId(body) ? { ...body, id: body.id.toLowerCase() } : body))
}

/** The first 96 bits (base64url) of the same. A step keeps two, which are compared with those of the same step only. */
export function shortDigestOf (body: unknown): string {
  return hash('sha256', canonicalJson(body), 'base64url').slice(0, 16)
}

/** The SHA-256 (hex) of a request, which recognises a retry. Null members count, because null in a PATCH clears a member. */
export function digestOfRequest (request: unknown): string {
  return hash('sha256', canonicalJson(request, true))
}

function isWithId (body: unknown): body is { id: string } {
  return typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string'
}
