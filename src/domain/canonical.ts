import { hash } from 'node:crypto'

/** A JSON value as text that does not depend on the order of keys; members that are null or absent are left out. */
export function canonical (value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value)
    .filter(([, inner]) => inner !== null && inner !== undefined)
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
  return `{${members.join(',')}}`
}

/** The digest by which a repeated create is recognised: sha256 of the canonical body, as hex. */
export function digestOf (body: unknown): string {
  return hash('sha256', canonical(body))
}
