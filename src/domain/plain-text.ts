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

/** The same, with something to read in it: not only spaces and line breaks. */
export const saidLinesPattern = `${linesPattern.slice(0, -1)}[^\\s${controlClass}]${linesPattern.slice(1)}`

/** Between the fields of a barcode of the GS1 standard: the group separator. It is the only control character that a barcode may contain, inside. */
const groupSeparator = '\u001d'

/** C0, DEL and C1 without the group separator, for a character class of a regular expression. */
export const controlsOfBarcode = '\\u0000-\\u001c\\u001e-\\u001f\\u007f-\\u009f'

// With such a character in it, two names look the same and are not.
const invisible = /[\p{Cf}\u2028\u2029]/u

/** The first character of a name that nobody sees, as `U+200B`; null if there is none. */
export function invisibleIn (name: string): string | null {
  const [found] = invisible.exec(name) ?? []
  return found === undefined ? null : `U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
}

/** A name in the form in which names are stored and compared (NFC). `é` can be one character, or `e` and an accent: both are the same name. */
export function composed (name: string): string {
  return name.normalize('NFC')
}

/** The rule that a name with this invisible character breaks. */
export function invisibleFault (character: string): string {
  return `must not contain invisible characters: it contains ${character}`
}

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

/** Replaces each control character with a space. With `keepSeparator`, the group separator stays. */
export function withoutControls (text: string, { keepSeparator = false } = {}): string {
  return text.replaceAll(controls, (character) => keepSeparator && character === groupSeparator ? character : ' ')
}

/** Removes all invisible characters. */
export function withoutInvisible (text: string): string {
  return text.replaceAll(new RegExp(invisible, 'gu'), '')
}
