import type { Container } from '../../api/generated/schema.d.ts'

const members = ['barcode', 'name', 'device', 'position', 'lidded', 'labware_type', 'content', 'missing_since', 'removed_at', 'updated_at'] as const

/** The containers as CSV (RFC 4180). */
export function csvOf (containers: readonly Container[]): string {
  const rows = containers.map((container) => members.map((member) => container[member]))
  return [members, ...rows].map((row) => row.map(fieldOf).join(',')).join('\r\n') + '\r\n'
}

function fieldOf (value: string | number | boolean | null): string {
  const text = value === null ? '' : String(value)
  // A program for tables takes a text that begins like this for a formula.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
