import { createHash, randomBytes } from 'node:crypto'

/** The scopes of API keys, in ascending order. Each includes those before it. */
export const scopes = ['read', 'operate', 'admin'] as const
export type Scope = typeof scopes[number]

export function grants (granted: readonly Scope[], needed: Scope): boolean {
  return granted.some((scope) => scopes.indexOf(scope) >= scopes.indexOf(needed))
}

/** Creates a key: 256 random bits after a prefix, by which secret scanners and the log of this service recognise it. */
export function newKey (): string {
  return `ps_${randomBytes(32).toString('base64url')}`
}

/**
 * The SHA-256 (hex) of a key, which is stored instead of the key. Slow, salted hashes protect passwords that can be guessed;
 * 256 random bits cannot be guessed, and every request looks up the digest in an index.
 */
export function digestOfKey (key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

export const shortestKey = 32
const longestKey = 512

/** Why an operator's own key cannot be used; null if it can. It must fit into an Authorization header. */
export function keyFault (key: string): string | null {
  if (key.length < shortestKey) return `has ${key.length} characters, but needs at least ${shortestKey}`
  if (key.length > longestKey) return `has more than ${longestKey} characters`
  // RFC 6750, 2.1
  return /^[A-Za-z0-9._~+/-]+=*$/.test(key) ? null : 'may contain only letters, digits and - . _ ~ + /, and = at its end'
}

/** Masks keys of this service in a text for the log, because some clients put them into the URL. */
export function redactKeys (text: string): string {
  return text.includes('ps_') ? text.replace(/ps_[\w-]{20,}/g, 'ps_***') : text
}
