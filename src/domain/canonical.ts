import { hash } from 'node:crypto'

/** A JSON value as text that does not depend on the order of keys; members that are null or absent are left out. */
export function canonical (value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const object = value as Readonly<Record<string, unknown>>
  const members = Object.keys(object).sort()
    .filter((key) => object[key] !== null && object[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${canonical(object[key])}`)
  return `{${members.join(',')}}`
}

/** The digest by which a repeated create is recognised: sha256 of the canonical body, as hex. UUIDs may be spelled either way. */
export function digestOf (body: unknown): string {
  return hash('sha256', canonical(isWithId(body) ? { ...body, id: body.id.toLowerCase() } : body))
}

function isWithId (body: unknown): body is { id: string } {
  return typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string'
}
