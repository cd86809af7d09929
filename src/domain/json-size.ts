/** The limits of a JSON body. They are checked before it is parsed, because small texts can become large values. */
export const jsonLimits = {
  /** A value of two bytes takes fifty bytes of memory after parsing. This leaves 100 values for each of 5,000 steps. */
  values: 500_000,
  /** Members of one object. JavaScript needs more time for each member of a large object. */
  members: 10_000,
  /** Digits that the database writes more than the text has: it writes numbers without an exponent, so `1e308` has 309. */
  digits: 8_000_000,
  /** JSON.parse is recursive. Less deep bodies are refused later, with the place; see `maxBodyLevels`. */
  levels: 1000
} as const

/** No double has a larger exponent. */
const largestExponent = 330

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const comma = 0x2c
const openObject = 0x7b
const closeObject = 0x7d
const openList = 0x5b
const closeList = 0x5d
const [plus, minus] = [0x2b, 0x2d]
const [zero, nine] = [0x30, 0x39]
const [capitalE, smallE] = [0x45, 0x65]

/** The limit that a JSON text exceeds; null if none. One pass over the bytes. The text need not be valid JSON. */
export function exceededLimit (text: Uint8Array): keyof typeof jsonLimits | null {
  const members = new Uint32Array(jsonLimits.levels + 1)
  let values = 0
  let digits = 0
  let level = 0
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case quote:
        for (at++; at < text.length && text[at] !== quote; at++) if (text[at] === backslash) at++
        break
      case smallE:
      case capitalE: {
        if (!isDigit(text[at - 1])) break
        digits += exponentAt(text, at + 1)
        if (digits > jsonLimits.digits) return 'digits'
        break
      }
      case colon:
        if (++members[level]! > jsonLimits.members) return 'members'
        break
      case comma:
        if (++values > jsonLimits.values) return 'values'
        break
      case openObject:
      case openList:
        if (++values > jsonLimits.values) return 'values'
        if (++level > jsonLimits.levels) return 'levels'
        members[level] = 0
        break
      case closeObject:
      case closeList:
        if (level > 0) level -= 1
    }
  }
  return null
}

function isDigit (byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine
}

/** How far the exponent that begins here moves the point. */
function exponentAt (text: Uint8Array, start: number): number {
  let at = text[start] === plus || text[start] === minus ? start + 1 : start
  let exponent = 0
  for (; isDigit(text[at]) && exponent < largestExponent; at++) exponent = 10 * exponent + text[at]! - zero
  return Math.min(exponent, largestExponent)
}
