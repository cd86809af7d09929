import { randomBytes } from 'node:crypto'

// JSON.parse and JSON.stringify round whole numbers beyond 2^53. Here they keep every digit: what a double does not hold becomes text
// when it is read, and what it does hold is written out in full.

/** How many numbers of one object are told. */
const maxTold = 20

/**
 * The members of objects and lists that are numbers which became text, or that contain some. The pointers follow from them when they are asked for: to make all
 * would take long. A property that nobody lists or copies, because a WeakMap of thousands of new objects takes a hundred times as long.
 */
const membersKept = Symbol('members that are kept as text')
type Noted = { readonly [membersKept]?: readonly string[] }
/** The pointers in values that came as copies. */
const notedPointers = new WeakMap<object, readonly string[]>()

/** The JSON pointers, from this value, to the numbers in it that were kept as text when it was read. At most 20. */
export function keptAsText (value: unknown): readonly string[] {
  const pointers: string[] = []
  function collect (inner: unknown, pointer: string): void {
    if (typeof inner !== 'object' || inner === null) {
      pointers.push(pointer)
      return
    }
    for (const key of (inner as Noted)[membersKept] ?? []) {
      if (pointers.length >= maxTold) return
      collect((inner as Record<string, unknown>)[key], `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    }
  }
  if (typeof value !== 'object' || value === null) return []
  const noted = notedPointers.get(value)
  if (noted !== undefined) return noted
  collect(value, '')
  return pointers
}

/** Notes for a value that came as a copy, for example from a thread, what `keptAsText` says of the original. */
export function noteKeptAsText (value: unknown, pointers: readonly string[]): void {
  if (typeof value === 'object' && value !== null && pointers.length > 0) notedPointers.set(value, pointers)
}

/** A warning for each of these numbers. `base` is the pointer to the value. */
export function numberWarnings (value: unknown, base: string): { code: string, detail: string, pointer: string }[] {
  return keptAsText(value).map((pointer) => ({
    code: 'number-kept-as-text', pointer: base + pointer, detail: 'A whole number of this size loses digits in many programs, so it is kept as text, digit by digit.'
  }))
}

/** A whole number that a double does not hold, on its way from the text to the value. */
class LongNumber {
  readonly digits: string
  constructor (digits: string) {
    this.digits = digits
  }
}

/** Whether a double holds this whole number (decimal digits without leading zeros, with an optional minus sign) exactly. */
function isExact (digits: string): boolean {
  const number = Number(digits)
  // First what is cheap: reading a number with a million digits as a BigInt takes long.
  return String(number) === digits || (Number.isFinite(number) && BigInt(digits) === BigInt(number))
}

/** The number, or a placeholder that `withTexts` turns into text. */
export function wholeNumber (digits: string): number | object {
  return isExact(digits) ? Number(digits) : new LongNumber(digits)
}

/** The value with text in place of the placeholders. Changes the value itself. It is a tree or has shared parts, but no circles. */
export function withTexts (value: unknown): unknown {
  return digitsOfLong(value) ?? settle(value, digitsOfLong, new Map())
}

const digitsOfLong = (value: unknown): string | null => value instanceof LongNumber ? value.digits : null

/** `seen`: of a value with shared parts, whether each part contains numbers that became text. */
function settle (value: unknown, digitsOf: (value: unknown) => string | null, seen?: Map<object, boolean>): unknown {
  /** Returns whether the node contains numbers that became text. */
  function visit (node: object): boolean {
    const known = seen?.get(node)
    if (known !== undefined) return known
    const kept: string[] = []
    // For a list, Object.keys would make a text of each index.
    const names = Array.isArray(node) ? null : Object.keys(node)
    const members = node as Record<string | number, unknown>
    const count = names?.length ?? (node as unknown[]).length
    for (let index = 0; index < count; index++) {
      const key = names === null ? index : names[index]!
      const inner = members[key]
      const digits = digitsOf(inner)
      if (digits !== null) members[key] = digits
      // Each of them contains at least one number, so twenty are enough.
      if ((digits !== null || (typeof inner === 'object' && inner !== null && visit(inner))) && kept.length < maxTold) kept.push(String(key))
    }
    if (kept.length > 0) Object.defineProperty(node, membersKept, { value: kept, configurable: true })
    seen?.set(node, kept.length > 0)
    return kept.length > 0
  }
  if (typeof value === 'object' && value !== null) visit(value)
  return value
}

// No shorter number can be beyond 2^53. The point may be anywhere among the digits.
const manyDigits = /[\d.]{16}/
// A double of 16 digits is written in full anyway.
const moreDigits = /\d{17}/
const wholeShape = /^-?(?:0|[1-9]\d*)$/
const decimalShape = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/
const numberOrQuote = /["\d-]/g
const restOfNumber = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-/y

/**
 * The value of a JSON text that JSON.parse has read as `parsed`, whose depth is bounded. Whole numbers that a double does not hold
 * are text in it, digit by digit; `keptAsText` says where.
 */
export function readExactly (text: string, parsed: unknown): unknown {
  if (!manyDigits.test(text)) return parsed
  // What begins a text that no client can guess.
  const mark = randomBytes(16).toString('base64url')
  const marked = replaceWholeNumbers(text, (digits) => isExact(digits) ? digits : `"${mark}${digits}"`)
  if (marked.length === text.length) return parsed
  const digitsOf = (value: unknown): string | null => typeof value === 'string' && value.startsWith(mark) ? value.slice(mark.length) : null
  const holder = settle({ value: JSON.parse(marked) as unknown }, digitsOf) as { value: unknown }
  return holder.value
}

/** JSON.stringify, with all digits of whole numbers beyond 2^53. JSON.stringify writes 2^60 as 1152921504606847000. */
export function writeExactly (value: unknown): string {
  return inFull(JSON.stringify(value))
}

/** A JSON text as JSON.stringify wrote it, with all digits of its whole numbers. */
export function inFull (text: string): string {
  // JSON.stringify returns undefined for undefined.
  if (typeof text !== 'string' || !moreDigits.test(text)) return text
  return replaceWholeNumbers(text, (digits) => BigInt(Number(digits)).toString())
}

/**
 * The digits of a whole number that is written with a point or an exponent (`9007199254740993.0`, `1.546130668394913822e18`), if a
 * double loses some of them; otherwise null. `6.02e23` loses none: it is written again as it was.
 */
export function lostDigits (number: string): string | null {
  const [, sign, whole, fraction = '', exponent = '0'] = decimalShape.exec(number) ?? []
  if (whole === undefined) return null
  const digits = (whole + fraction).replace(/^0+/, '')
  // Not by a regular expression: one that looks for zeros at the end takes the square of their number.
  let end = digits.length
  while (digits[end - 1] === '0') end--
  const significant = digits.slice(0, end)
  const zeros = Number(exponent) - fraction.length + digits.length - significant.length
  const [kept] = Number(number).toExponential().split('e')
  if (zeros < 0 || significant.length <= 15 || significant === kept!.replace(/[-.]/g, '')) return null
  return `${sign!}${significant}${'0'.repeat(zeros)}`
}

/** Replaces the whole numbers of 16 digits or more in a valid JSON text, not in its strings. */
function replaceWholeNumbers (text: string, replace: (digits: string) => string): string {
  const parts: string[] = []
  let copied = 0
  numberOrQuote.lastIndex = 0
  for (let found = numberOrQuote.exec(text); found !== null; found = numberOrQuote.exec(text)) {
    if (found[0] === '"') {
      numberOrQuote.lastIndex = endOfString(text, found.index + 1)
      continue
    }
    restOfNumber.lastIndex = found.index
    const [number] = restOfNumber.exec(text)!
    const end = found.index + number.length
    const digits = number.length < 16 ? null : wholeShape.test(number) ? number : lostDigits(number)
    if (digits !== null) {
      parts.push(text.slice(copied, found.index), replace(digits))
      copied = end
    }
    numberOrQuote.lastIndex = end
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(copied)
}

/** The position after the closing quote of a string that begins at `at`. */
function endOfString (text: string, at: number): number {
  for (let end = text.indexOf('"', at); ; end = text.indexOf('"', end + 1)) {
    if (end === -1) return text.length
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\' && end - 1 - backslashes >= at) backslashes++
    if (backslashes % 2 === 0) return end + 1
  }
}
