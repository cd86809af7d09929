import { Composer, type CST, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser, type ScalarTag, type YAMLMap } from 'yaml'
import { maxBodyLevels } from '../values.ts'
import { lostDigits, wholeNumber, withTexts } from '../whole-numbers.ts'

/** In characters. Lab files have a few KiB; a larger one can be sent as JSON, which is faster to parse. */
export const maxYamlLength = 1_048_576
/** The size limit after aliases are expanded, in characters and nodes. */
const maxExpandedLength = 1_048_576
/** How many members all merges of a file may copy. */
const maxMerged = 100_000

/**
 * Reads yes, no, on and off as booleans, like PyYAML, which the software of the labs uses. YAML 1.2 reads them as text.
 * Everything else follows its core schema: no dates, no octal 010, no sexagesimal 1:30.
 */
export const yaml11Booleans: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  identify: (value) => typeof value === 'boolean',
  test: /^(?:yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (word) => /^(?:yes|on)$/i.test(word)
}

const options = {
  schema: 'core', customTags: (tags) => [...tags, yaml11Booleans], resolveKnownTags: false, stringKeys: true,
  // Both are handled below: the library compares every key with every other, and errors in merges have no position.
  uniqueKeys: false, merge: false,
  prettyErrors: false, logLevel: 'error'
} as const satisfies ConstructorParameters<typeof Composer>[0] & object

type Fail = (offset: number, detail: string) => never

/** A text is not accepted as YAML. `line` and `column` count from 1. */
export class YamlError extends Error {
  readonly detail: string
  readonly line: number
  readonly column: number
  constructor (detail: string, line: number, column: number) {
    super(`line ${line}, column ${column}: ${detail}`)
    this.name = 'YamlError'
    this.detail = detail
    this.line = line
    this.column = column
  }
}

/** Parses YAML to a JSON value; an empty text is null. Throws a YamlError. */
export function readYaml (text: string): unknown {
  const lines = new LineCounter()
  const fail: Fail = (offset, detail) => {
    const { line, col } = lines.linePos(offset)
    throw new YamlError(detail, line, col)
  }
  const tokens = [...tokensOf(text, lines, fail)]
  checkTokens(tokens, fail)
  const composer = new Composer(options)
  let first: [offset: number, detail: string] | undefined
  // Only the first error is kept, because a file could have a million of them.
  Object.assign(composer, { onError: (source: ErrorSource, code: string, message: string) => { first ??= [startOf(source), code === 'NON_STRING_KEY' ? 'a key must be text' : message] } })
  const [document, another] = composer.compose(tokens, true, text.length)
  if (first) fail(...first)
  if (another) fail(another.range[0], 'a second document begins here; a lab file has only one')
  return valueOf(document!.contents, fail)
}

// The tokens of the text. `parser.stack` has the document and the collections that are open. Deep nesting takes much memory, so it ends the reading.
function * tokensOf (text: string, lines: LineCounter, fail: Fail): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    yield * parser.next(lexeme)
    if (parser.stack.length > maxBodyLevels + 3) fail(parser.offset, `nested deeper than ${maxBodyLevels} levels`)
  }
  yield * parser.end()
}

type ErrorSource = number | readonly number[] | { offset: number }

function startOf (source: ErrorSource): number {
  if (typeof source === 'number') return source
  return 'offset' in source ? source.offset : source[0]!
}

// Checks the nesting first, because the library is recursive: deep nesting would overflow the stack.
function checkTokens (tokens: readonly CST.Token[], fail: Fail): void {
  const open: [CST.Token, number][] = tokens.map((token) => [token, 0])
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, level] = next
    if (token.type === 'error') fail(token.offset, token.message)
    if (level > maxBodyLevels) fail(token.offset, `nested deeper than ${maxBodyLevels} levels`)
    if (token.type === 'document' && token.value) open.push([token.value, level])
    if (!('items' in token)) continue
    for (const { key, value } of token.items) {
      if (key) open.push([key, level + 1])
      if (value) open.push([value, level + 1])
    }
  }
}

type Anchored = { value: unknown, size: number }

/** Converts nodes to values, in the order of the text, so that an anchor is known before its aliases. */
function valueOf (contents: unknown, fail: Fail): unknown {
  const anchors = new Map<string, Anchored | null>()
  let size = 0
  let mergedMembers = 0

  function read (node: unknown): unknown {
    if (isAlias(node)) return aliased(node.source, node.range![0])
    const anchor = (node as { anchor?: string } | null)?.anchor
    if (anchor === undefined) return plain(node)
    const before = size
    anchors.set(anchor, null)
    const value = plain(node)
    anchors.set(anchor, { value, size: size - before })
    return value
  }

  function plain (node: unknown): unknown {
    size += 1
    if (isMap(node)) return members(node)
    if (isSeq(node)) return node.items.map(read)
    if (!isScalar(node)) return null
    if (typeof node.value === 'string') size += node.value.length
    return typeof node.value === 'number' ? exactly(node.value, node.source) : node.value
  }

  function aliased (name: string, offset: number): unknown {
    const anchored = anchors.get(name)
    if (anchored === undefined) fail(offset, `no anchor &${name} comes before this alias`)
    if (anchored === null) fail(offset, `the alias *${name} refers to itself`)
    size += anchored.size
    if (size > maxExpandedLength) fail(offset, 'the file is too large after its aliases are expanded')
    return anchored.value
  }

  function members (map: YAMLMap): object {
    const own = new Map<string, unknown>()
    const merged = {}
    for (const { key, value } of map.items) {
      const { name, offset, isMerge } = keyOf(key)
      if (isMerge) {
        mergeInto(merged, read(value), offset)
        continue
      }
      if (own.has(name)) fail(offset, `the key "${name}" appears twice`)
      size += name.length
      own.set(name, read(value))
    }
    return { ...merged, ...Object.fromEntries(own) }
  }

  function keyOf (key: unknown): { name: string, offset: number, isMerge: boolean } {
    if (!isScalar(key) || typeof key.value !== 'string') return fail((key as { range?: [number] } | null)?.range?.[0] ?? 0, 'a key must be text')
    const offset = key.range![0]
    // Not allowed in JSON bodies either.
    if (key.value === '__proto__') fail(offset, 'a key must not be "__proto__"')
    return { name: key.value, offset, isMerge: key.value === '<<' && key.type === 'PLAIN' }
  }

  function mergeInto (merged: object, source: unknown, offset: number): void {
    const sources: unknown[] = Array.isArray(source) ? source : [source]
    // If several have the same key, the first one wins.
    for (const one of sources.toReversed()) {
      if (typeof one !== 'object' || one === null || Array.isArray(one)) fail(offset, '<< needs a mapping or a list of mappings')
      mergedMembers += Object.keys(one).length
      if (mergedMembers > maxMerged) fail(offset, 'the merges (<<) copy too many members')
      Object.assign(merged, one)
    }
  }

  return withTexts(read(contents))
}

const decimal = /^[-+]?\d+$/
const maxConvertedLength = 400

/** A number of the text, or a placeholder for a whole number that a double does not hold. */
function exactly (value: number, source: string | undefined): number | object {
  if (source === undefined || Number.isSafeInteger(value)) return value
  if (decimal.test(source)) return wholeNumber(source.replace(/^\+/, '').replace(/^(-?)0+(?=\d)/, '$1'))
  // Hexadecimal and octal: converting very long ones would take too long.
  if (!/^0[xo]/.test(source)) {
    const digits = lostDigits(source.replace(/^\+/, ''))
    return digits === null ? value : wholeNumber(digits)
  }
  return wholeNumber(source.length > maxConvertedLength ? source : BigInt(source).toString())
}
