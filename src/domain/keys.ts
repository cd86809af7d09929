import { createHash, randomBytes } from 'node:crypto'
import { isUuid } from './values.ts'

/** The scopes of API keys, in ascending order. Each includes those before it. */
export const scopes = ['read', 'operate', 'admin'] as const
export type ScopeName = typeof scopes[number]

export function grants (granted: readonly ScopeName[], needed: ScopeName): boolean {
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
const maxKeyLength = 512

/** Why an operator's own key cannot be used; null if it can. It must fit into an Authorization header. */
export function keyFault (key: string): string | null {
  if (key.length < shortestKey) return `has ${key.length} characters, but needs at least ${shortestKey}`
  if (key.length > maxKeyLength) return `has more than ${maxKeyLength} characters`
  return keyCharactersFault(key)
}

/** Why a key cannot be sent in an Authorization header; null if it can. It repeats nothing of the key, which an error of who sends it would. RFC 6750, 2.1. */
export function keyCharactersFault (key: string): string | null {
  return /^[A-Za-z0-9._~+/-]+=*$/.test(key) ? null : 'may contain only letters, digits and - . _ ~ + /, and = at its end'
}

const ownKey = /ps_[\w-]{20,}/g
// RFC 6750, 2.1. The minimum length is shortestKey.
const token = /[A-Za-z0-9._~+/-]{32,}=*/
/** The output of `openssl rand -hex 32`, which the documentation recommends for the first key. */
const hexKey = /^[0-9a-f]{64}$/i
const keyLike = /key|token|secret|auth|bearer|pass|cred|sig/i
const mask = '***'
/** A URL whose route is known has nothing to mask if it has none of these: parameters, escapes, a password, a key. */
const mayHaveKey = /[?#;=&%@]|ps_|[0-9a-f]{64}/i

/** Masks keys of this service in a text for the log. */
export function redactKeys (text: string): string {
  return text.includes('ps_') ? text.replace(ownKey, 'ps_***') : text
}

/** Masks everything in a message that is as long as a key, because messages can repeat what a client sent. Keeps ids. */
export function redactMessage (message: string): string {
  return message.replace(/[\w.~+/%-]{32,}=*/g, (run) => isUuid(run) ? run : mask)
}

/**
 * Masks keys in a URL for logs and problems, because some clients put them into the URL, escaped or not. It masks:
 * - keys of this service, everywhere;
 * - hexadecimal keys in the path;
 * - values as long as a key, if the route does not have the query parameter (`known`), or its name is like `token`;
 * - segments as long as a key, if no route matches (`known` is null).
 */
export function redactUrl (url: string, known: ReadonlySet<string> | null): string {
  if (known !== null && !mayHaveKey.test(url)) return url
  const [, path, rest] = /^([^?#]*)(.*)$/s.exec(url)!
  const segments = path!.replace(/\/\/[^/@]*@/, `//${mask}@`).replace(/[^/;=&]+/g, (part) => {
    const [raw, plain] = [redactKeys(part), decodedTwice(part)]
    if (raw !== part) return raw
    const isKey = hexKey.test(plain) || (known === null && token.test(plain) && !isUuid(plain))
    return isKey || redactKeys(plain) !== plain ? mask : part
  })
  return segments + rest!.replace(/[^?#&;]+/g, (pair) => redactPair(pair, known))
}

function redactPair (pair: string, known: ReadonlySet<string> | null): string {
  const equals = pair.indexOf('=')
  const name = equals === -1 ? pair : pair.slice(0, equals)
  const value = equals === -1 ? '' : pair.slice(equals + 1)
  const plainName = decodedTwice(name)
  const isKnown = known?.has(plainName) === true && !keyLike.test(plainName)
  const shownName = isKnown || !token.test(plainName) ? redactKeys(name) : mask
  const raw = redactKeys(value)
  const plain = decodedTwice(raw)
  const shown = redactKeys(plain) !== plain || (!isKnown && token.test(plain)) ? mask : raw
  return equals === -1 ? shownName : `${shownName}=${shown}`
}

function decodedTwice (text: string): string {
  return decoded(decoded(text))
}

/** Decodes the escapes of ASCII characters. Others stay, so it never fails. */
function decoded (text: string): string {
  return text.includes('%') ? text.replace(/%[0-7][0-9a-f]/gi, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16))) : text
}
