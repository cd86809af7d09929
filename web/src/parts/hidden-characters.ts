/** Characters that nobody sees, or that change how the others are shown: controls, zero width characters, marks of direction, tags. */
const hiddenClass = [
  '\\u0000-\\u001f', '\\u007f-\\u009f', '\\u00ad\\u061c\\u180e', '\\u200b-\\u200f', '\\u2028-\\u202e', '\\u2060-\\u206f', '\\ufeff', '\\ufff9-\\ufffb', '\\u{e0000}-\\u{e007f}', '\\p{Cs}'
].join('')
const hidden = new RegExp(`([${hiddenClass}])`, 'u')

/** The parts of a name: texts that are shown as they are, and marks for the characters between them that nobody sees. */
export function partsOf (name: string): { text: string, isMark: boolean }[] {
  return name.split(hidden).filter((text) => text !== '').map((text) => hidden.test(text)
    ? { text: `U+${text.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`, isMark: true }
    : { text, isMark: false })
}
