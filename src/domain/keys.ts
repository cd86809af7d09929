import { createHash, randomBytes } from 'node:crypto'

/** What a key lets do, from least to most; each includes those before it. */
export const scopes = ['read', 'operate', 'admin'] as const
export type Scope = typeof scopes[number]

export function grants (granted: readonly Scope[], needed: Scope): boolean {
  return granted.some((scope) => scopes.indexOf(scope) >= scopes.indexOf(needed))
}

/** A new key: 256 random bits behind a prefix by which scanners of leaked secrets, and our own log, know one. */
export function newKey (): string {
  return `ps_${randomBytes(32).toString('base64url')}`
}

/**
 * What is kept of a key, as hex. A plain SHA-256 is right here: slow, salted hashes make up for passwords that can be
 * guessed, but nobody guesses 256 random bits, and the digest must find its row by an index at every request.
 */
export function digestOfKey (key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

export const shortestKey = 32
const longestKey = 512

/** What is wrong with a key that somebody else made, in words; null when nothing is. Only what fits an Authorization header does. */
export function keyFault (key: string): string | null {
  if (key.length < shortestKey) return `has ${key.length} characters, at least ${shortestKey} are needed`
  if (key.length > longestKey) return `has more than ${longestKey} characters`
  // RFC 6750, 2.1
  return /^[A-Za-z0-9._~+/-]+=*$/.test(key) ? null : 'may hold letters, digits and - . _ ~ + / alone, and = at its end'
}

/** The text without keys of ours, for the log: some clients put them into the URL. */
export function redactKeys (text: string): string {
  return text.includes('ps_') ? text.replace(/ps_[\w-]{20,}/g, 'ps_***') : text
}
