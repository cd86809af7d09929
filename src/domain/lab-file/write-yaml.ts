import { Document, type Scalar, type ScalarTag, visit } from 'yaml'
import { LongObject, type NamedValue } from './long-object.ts'
import { yaml11Booleans } from './read-yaml.ts'

/** The library takes about 2 us a character, so what it writes at once is no longer than some milliseconds' work. */
const writtenAtOnce = 4096

// Whole numbers beyond 2^53 are written with all their digits.
const inFullReplacer = (_key: unknown, value: unknown): unknown =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value

/** Writes a value as YAML. This service and YAML 1.1 parsers, which the labs use, read the same value back. */
export function writeYaml (value: unknown): string {
  const document = new Document(value, inFullReplacer, { schema: 'core', customTags: (tags) => [exponentWithPoint, ...tags, yaml11Booleans], compat: 'yaml-1.1', aliasDuplicateObjects: false })
  visit(document, { Scalar: quoteOdd })
  // In a long text in quotes, the library would write line breaks as such, and lose backslashes before spaces.
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER })
  // They are all in quotes now. The library writes them as they are.
  return text.replaceAll(refusedBy11, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** YAML 1.1 reads `1e-7` as text, and `1.0e-7` as a number. */
const exponentWithPoint: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  identify: (value) => typeof value === 'number' && /^-?\d+e/.test(String(value)),
  test: /^-?\d+\.0e/,
  resolve: Number,
  stringify: ({ value }) => String(value).replace('e', '.0e')
}

/** YAML 1.1 refuses these characters, or reads them as line breaks; the last one in a file is a mark of its encoding. */
const refusedBy11 = /[\u007f-\u009f\u2028\u2029\ufffe\uffff\ufeff]/g
/** Texts that are read as something else without quotes: only spaces and line breaks, the `=` of YAML 1.1, and control characters, also tabs. */
const isOdd = /^\s+$|^=$|[^\n\u0020-\u007e\u00a0-\u2027\u202a-\ufefe\uff00-\ufffd]/

function quoteOdd (_key: unknown, node: Scalar): void {
  if (typeof node.value === 'string' && isOdd.test(node.value)) node.type = 'QUOTE_DOUBLE'
}

/** The same for a value that can be long, in pieces: the library writes what is short, and the members or items of what is long follow each other. */
export function * yamlPieces (value: unknown, indent = ''): Generator<string> {
  if (!isLong(value)) yield indented(writeYaml(value), indent)
  else if (Array.isArray(value)) yield * longList(value, indent)
  else yield * longMap(value instanceof LongObject ? value.members() : Object.entries(value), indent)
}

function * longMap (members: Iterable<NamedValue>, indent: string): Generator<string> {
  // A Map, because an object would have names that are whole numbers first.
  const short = new Map<string, unknown>()
  let [length, isEmpty] = [0, true]
  for (const [name, value] of members) {
    isEmpty = false
    const shown = value instanceof LongObject && isEmptyObject(value) ? {} : value
    const long = isLong(shown)
    length += long ? 0 : lengthOf(shown) + name.length
    if ((long || length > writtenAtOnce) && short.size > 0) {
      yield indented(writeYaml(short), indent)
      short.clear()
      length = lengthOf(shown) + name.length
    }
    if (!long) {
      short.set(name, shown)
      continue
    }
    yield `${indented(writeYaml(new Map([[name, null]])), indent).slice(0, -' null\n'.length)}\n`
    yield * yamlPieces(shown, `${indent}  `)
  }
  if (short.size > 0 || isEmpty) yield indented(writeYaml(short), indent)
}

function * longList (items: readonly unknown[], indent: string): Generator<string> {
  let short: unknown[] = []
  let length = 0
  for (const item of items) {
    const long = isLong(item)
    length += lengthOf(item)
    if ((long || length > writtenAtOnce) && short.length > 0) {
      yield indented(writeYaml(short), indent)
      short = []
      length = lengthOf(item)
    }
    if (!long) {
      short.push(item)
      continue
    }
    yield `${indent}-\n`
    yield * yamlPieces(item, `${indent}  `)
  }
  if (short.length > 0) yield indented(writeYaml(short), indent)
}

/** Lines end with \n only: other line breaks can be part of a text. */
function indented (text: string, indent: string): string {
  return indent === '' ? text : `${indent}${text.replaceAll(/\n(?=[^\n])/g, `\n${indent}`)}`
}

function isEmptyObject (value: LongObject): boolean {
  for (const _ of value.members()) return false
  return true
}

/** Whether a value has members or items, and takes long to write. */
function isLong (value: unknown): value is object {
  return typeof value === 'object' && value !== null && lengthOf(value) > writtenAtOnce
}

/** About how many characters a value has. Of one that is long, it may be fewer: counting ends there. */
function lengthOf (value: unknown): number {
  if (value instanceof LongObject) return Infinity
  if (typeof value === 'string') return value.length + 1
  if (typeof value !== 'object' || value === null) return 8
  let length = 2
  if (Array.isArray(value)) {
    for (const item of value) {
      length += lengthOf(item)
      if (length > writtenAtOnce) break
    }
  } else {
    for (const name in value) {
      length += name.length + lengthOf((value as Record<string, unknown>)[name])
      if (length > writtenAtOnce) break
    }
  }
  return length
}
