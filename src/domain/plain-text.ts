// Control characters are no text: a terminal obeys them. What turns the direction of text is text in some languages; it is
// kept, and shown escaped (src/terminal/safe-text.ts).

/** C0 and C1, as a character class of a regular expression. */
export const controlClass = '\\u0000-\\u001f\\u007f-\\u009f'

/** A text of one line: no control characters. */
export const linePattern = `^[^${controlClass}]*$`

/** A text of several lines: of the control characters only line breaks. */
export const linesPattern = '^[^\\u0000-\\u0009\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$'

const controls = new RegExp(`[${controlClass}]`, 'gu')
const line = new RegExp(linePattern, 'u')
const lines = new RegExp(linesPattern, 'u')

/** Whether a text can stand in one line. */
export function isLine (text: string): boolean {
  return line.test(text)
}

/** Whether a text can stand in several lines. */
export function isLines (text: string): boolean {
  return lines.test(text)
}

/** A text as one line: a space for each control character. */
export function withoutControls (text: string): string {
  return text.replaceAll(controls, ' ')
}
