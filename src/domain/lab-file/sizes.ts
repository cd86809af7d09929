import { maxDataBytes, maxTextLength } from '../limits.ts'
import { writtenBytes } from '../written-size.ts'
import type { Members, Report } from './members.ts'

const mostNamed = 5
const asJson = `${maxDataBytes} bytes as JSON, in which numbers are written without an exponent`

/** Reports a member about the whole lab that is too large. Each event of the lab has it twice. */
export function checkLabMembers (members: Members, report: Report): void {
  for (const [name, value] of Object.entries(members)) {
    if (writtenBytes(value) > maxDataBytes) report(`/${name}`, `must not be larger than ${asJson}`)
  }
}

/** Reports unknown members of the lab, a device or a labware type that are too large together, as POST and PATCH do. Names the largest ones. */
export function checkExtra (extra: Members | null, pointer: string, report: Report): void {
  if (extra === null || writtenBytes(extra) <= maxDataBytes) return
  const sizes = Object.entries(extra).map(([name, value]) => ({ name, bytes: writtenBytes(value) })).sort((a, b) => b.bytes - a.bytes)
  const named = sizes.slice(0, mostNamed).map(({ name, bytes }) => `"${name.slice(0, 50).toWellFormed()}" has ${bytes}`).join(', ')
  report(pointer, `must not have unknown members of more than ${asJson}; ${named}${sizes.length > mostNamed ? ', and there are others' : ''}`)
}

/** Reports texts that are too long. */
export function checkTexts (texts: Readonly<Record<string, unknown>>, pointer: string, report: Report): void {
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text === 'string' && Array.from(text).length > maxTextLength) report(`${pointer}/${name}`, `must have at most ${maxTextLength} characters`)
  }
}
