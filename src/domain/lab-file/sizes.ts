import { maxDataBytes, maxLabDataBytes, maxTextLength } from '../limits.ts'
import { writtenBytes } from '../written-size.ts'
import type { Members, Report } from './members.ts'

/** Reports a member about the whole lab that is too large. */
export function checkLabData (members: Members, report: Report): void {
  for (const [name, value] of Object.entries(members)) {
    if (writtenBytes(value) > maxLabDataBytes) report(name, `must not be larger than ${maxLabDataBytes} bytes as JSON, in which numbers are written without an exponent`)
  }
}

/** Reports unknown members of a device or of a labware type that are too large together, as POST and PATCH do. */
export function checkExtra (extra: Members | null, pointer: string, report: Report): void {
  if (extra === null || writtenBytes(extra) <= maxDataBytes) return
  report(pointer, `must not have unknown members of more than ${maxDataBytes} bytes as JSON, in which numbers are written without an exponent`)
}

/** Reports texts that are too long. */
export function checkTexts (texts: Readonly<Record<string, unknown>>, pointer: string, report: Report): void {
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text === 'string' && Array.from(text).length > maxTextLength) report(`${pointer}/${name}`, `must have at most ${maxTextLength} characters`)
  }
}
