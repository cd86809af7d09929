// Names and other texts must not contain control characters, because terminals obey them. Marks that change the direction of
// text are allowed, because some languages need them. src/terminal/safe-text.ts escapes them when they are printed.

/** C0, DEL and C1, for a character class of a regular expression. */
export const controlClass = '\\u0000-\\u001f\\u007f-\\u009f'

/**
 * Characters that nobody sees, or that change how the others are shown, for a character class with the flag `u`: C0, DEL and C1; soft hyphen, zero width
 * characters, marks of direction, other line ends, invisible operators, byte order mark, interlinear marks, tags, and lone surrogates.
 */
export const hiddenClass = `${controlClass}\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\p{Cs}`

/** A text of one line: no control characters. */
export const linePattern = `^[^${controlClass}]*$`

/** A text of several lines: no control characters other than line breaks. */
export const linesPattern = '^[^\\u0000-\\u0009\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$'

const controls = new RegExp(`[${controlClass}]`, 'gu')
const line = new RegExp(linePattern, 'u')
const lines = new RegExp(linesPattern, 'u')

/** Whether a text is a single line without control characters. */
export function isLine (text: string): boolean {
  return line.test(text)
}

/** Whether a text has no control characters other than line breaks. */
export function isLines (text: string): boolean {
  return lines.test(text)
}

/** Replaces each control character with a space. */
export function withoutControls (text: string): string {
  return text.replaceAll(controls, ' ')
}
