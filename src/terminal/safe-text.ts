import { hiddenClass } from '../domain/plain-text.ts'

// Much of what is printed comes from other people and programs: names in a log, a file, the response of a server. A terminal
// obeys control characters: they can hide lines, or type commands. Marks of direction can make a text look like another text.

const unsafe = new RegExp(`[${hiddenClass}]`, 'gu')
const unsafeButLineFeed = new RegExp(`(?!\\n)${unsafe.source}`, 'gu')
/** Nearly all lines of a log have only these characters. This test is much faster than a search by Unicode classes. */
const plainLines = /^[\n\x20-\x7e]*$/

/** Escapes a text for one line of a terminal: unsafe characters become for example `\u{1b}`. */
export function safeText (text: string): string {
  return text.replace(unsafe, escaped)
}

/** Escapes a text for a terminal, but keeps its line breaks. Use `safeText` for a text inside a line. */
export function safeLines (text: string): string {
  return text.replace(unsafeButLineFeed, escaped)
}

/** Escapes JSON for a terminal without changing its value: unsafe characters become for example `\u009b`. */
export function safeJson (json: string): string {
  if (plainLines.test(json)) return json
  return json.replace(unsafeButLineFeed, (character) => character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`))
}

function escaped (character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}
