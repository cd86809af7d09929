import { createHash, randomBytes } from 'node:crypto'
import { isUuid } from './values.ts'

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

const ownKey = /ps_[\w-]{20,}/g
// RFC 6750, 2.1; as long as the shortest key
const token = /[A-Za-z0-9._~+/-]{32,}=*/
/** What `openssl rand -hex 32` makes, which the documentation advises for the first key. */
const hexKey = /^[0-9a-f]{64}$/i
const keyLike = /key|token|secret|auth|bearer|pass|cred|sig/i
const blank = '***'

/** The text without keys of ours, for the log. */
export function redactKeys (text: string): string {
  return text.includes('ps_') ? text.replace(ownKey, 'ps_***') : text
}

/** A sentence that repeats what a caller sent, without all that is as long as a key; ids stay. */
export function redactMessage (message: string): string {
  return message.replace(/[\w.~+/%-]{32,}=*/g, (run) => isUuid(run) ? run : blank)
}

/**
 * A URL without keys, for logs and answers: some clients put theirs into it, escaped or not. Blank are keys of ours
 * wherever they stand, hexadecimal ones in the path, and whatever is as long as a key under a parameter that the route
 * does not know (`known`), or whose name speaks of keys. Without a route (`known` is null) nothing in the path is known.
 */
export function redactUrl (url: string, known: ReadonlySet<string> | null): string {
  const [, path, rest] = /^([^?#]*)(.*)$/s.exec(url)!
  const segments = path!.replace(/\/\/[^/@]*@/, `//${blank}@`).replace(/[^/;=&]+/g, (part) => {
    const [raw, plain] = [redactKeys(part), decodedTwice(part)]
    if (raw !== part) return raw
    const isKey = hexKey.test(plain) || (known === null && token.test(plain) && !isUuid(plain))
    return isKey || redactKeys(plain) !== plain ? blank : part
  })
  return segments + rest!.replace(/[^?#&;]+/g, (pair) => redactPair(pair, known))
}

function redactPair (pair: string, known: ReadonlySet<string> | null): string {
  const equals = pair.indexOf('=')
  const name = equals === -1 ? pair : pair.slice(0, equals)
  const value = equals === -1 ? '' : pair.slice(equals + 1)
  const plainName = decodedTwice(name)
  const isKnown = known?.has(plainName) === true && !keyLike.test(plainName)
  const shownName = isKnown || !token.test(plainName) ? redactKeys(name) : blank
  const raw = redactKeys(value)
  const plain = decodedTwice(raw)
  const shown = redactKeys(plain) !== plain || (!isKnown && token.test(plain)) ? blank : raw
  return equals === -1 ? shownName : `${shownName}=${shown}`
}

function decodedTwice (text: string): string {
  return decoded(decoded(text))
}

/** Each escape that can be read; what cannot stays as it is. */
function decoded (text: string): string {
  return text.includes('%') ? text.replace(/%[0-7][0-9a-f]/gi, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16))) : text
}
