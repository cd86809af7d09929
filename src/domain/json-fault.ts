// The messages of JSON.parse depend on the version of Node and often have no position. This scanner always gives one.

type Expected = 'a value' | 'a value or ]' | 'a member name in double quotes' | 'a member name in double quotes or }' | 'a colon' | 'a comma or }' | 'a comma or ]' |
  'the end of the text' | 'a character that JSON allows in text' | 'a double quote'

/** The first syntax error of a text, with line and column from 1; null for valid JSON. */
export function jsonFault (text: string): { line: number, column: number, expected: string } | null {
  const fault = scan(text)
  if (fault === null) return null
  const before = text.slice(0, fault.at)
  return { line: before.split('\n').length, column: fault.at - before.lastIndexOf('\n'), expected: fault.expected }
}

const blank = /[ \t\n\r]*/y
// Everything except control characters, quotes and backslashes.
const plain = /[ !#-[\]-\uffff]*/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const literal = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y

// A loop instead of recursion, because the nesting of the text could exceed the stack.
function scan (text: string): { at: number, expected: Expected } | null {
  const open: ('}' | ']')[] = []
  let expected: Expected = 'a value'
  let at = 0
  for (;;) {
    at = skip(blank, text, at)!
    const character = text[at]
    const closing = open.at(-1)
    if (expected === 'the end of the text') return character === undefined ? null : { at, expected }

    if (closing !== undefined && character === closing && expected.endsWith(closing)) {
      open.pop()
      at += 1
      expected = afterValue(open)
    } else if (expected === 'a comma or }' || expected === 'a comma or ]') {
      if (character !== ',') return { at, expected }
      at += 1
      expected = closing === '}' ? 'a member name in double quotes' : 'a value'
    } else if (expected === 'a colon') {
      if (character !== ':') return { at, expected }
      at += 1
      expected = 'a value'
    } else if (character === '"') {
      const end = endOfText(text, at + 1)
      if (typeof end !== 'number') return end
      at = end
      expected = expected.startsWith('a member') ? 'a colon' : afterValue(open)
    } else if (expected.startsWith('a member')) {
      return { at, expected }
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']')
      at += 1
      expected = character === '{' ? 'a member name in double quotes or }' : 'a value or ]'
    } else {
      const end = skip(literal, text, at)
      if (end === null) return { at, expected }
      at = end
      expected = afterValue(open)
    }
  }
}

function afterValue (open: readonly ('}' | ']')[]): Expected {
  const closing = open.at(-1)
  if (closing === undefined) return 'the end of the text'
  return closing === '}' ? 'a comma or }' : 'a comma or ]'
}

function endOfText (text: string, start: number): number | { at: number, expected: Expected } {
  let at = start
  for (;;) {
    at = skip(plain, text, at)!
    if (text[at] === '"') return at + 1
    if (text[at] === undefined) return { at, expected: 'a double quote' }
    const end = skip(escape, text, at)
    if (end === null) return { at, expected: 'a character that JSON allows in text' }
    at = end
  }
}

function skip (pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}
