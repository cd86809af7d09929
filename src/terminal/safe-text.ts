import { controlClass } from '../domain/plain-text.ts'

// What is printed was often written by others: names in a log, a file, the answer of some server. A terminal obeys the
// control characters in it (it can be made to hide lines, or to type), and shows what turns the direction as another text.

// C0 and DEL, C1; soft hyphen, zero width, marks and overrides of direction, other line ends, invisible operators, the byte
// order mark, interlinear marks, tags, and halves of a surrogate pair
const unsafe = new RegExp(`[${controlClass}\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\p{Cs}]`, 'gu')
const unsafeButLineFeed = new RegExp(`(?!\\n)${unsafe.source}`, 'gu')

/** A text as it may stand in one line of a terminal: what is no text is shown as `\u{1b}`. */
export function safeText (text: string): string {
  return text.replace(unsafe, escaped)
}

/** Several lines, as they may go to a terminal. Text of others within a line is for `safeText`. */
export function safeLines (text: string): string {
  return text.replace(unsafeButLineFeed, escaped)
}

/** JSON as it may go to a terminal, with the same value: what JSON lets stand is written as `\u009b`. */
export function safeJson (json: string): string {
  return json.replace(unsafeButLineFeed, (character) => character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`))
}

function escaped (character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}
