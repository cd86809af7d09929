import { hash } from 'node:crypto'

/** A JSON value as text that does not depend on the order of keys; members that are absent are left out, and those that are null unless they count. */
export function canonicalJson (value: unknown, nullsCount = false): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, nullsCount)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const object = value as Readonly<Record<string, unknown>>
  const members = Object.keys(object).sort()
    .filter((key) => object[key] !== undefined && (nullsCount || object[key] !== null))
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key], nullsCount)}`)
  return `{${members.join(',')}}`
}

/** The digest by which a repeated create is recognised: sha256 of the canonical body, as hex. UUIDs may be spelled either way. */
export function digestOf (body: unknown): string {
  return hash('sha256', canonicalJson(isWithId(body) ? { ...body, id: body.id.toLowerCase() } : body))
}

/** The digest by which a repeated request is recognised. Null is not absent here: a PATCH clears with it. */
export function digestOfRequest (request: unknown): string {
  return hash('sha256', canonicalJson(request, true))
}

function isWithId (body: unknown): body is { id: string } {
  return typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string'
}
