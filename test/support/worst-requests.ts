import { jsonLimits } from '../../src/domain/json-size.ts'
import { operationsOf, resolved, valueOf } from '../contract/rules/rule.ts'

// The worst requests of an operation: as large as allowed, and made so that a careless check takes long.

type Json = any
export type WorstRequest = { what: string, method: string, url: string, headers: Record<string, string>, payload?: Buffer }

const json = { 'content-type': 'application/json' }
const yaml = { 'content-type': 'application/yaml' }
/** Node refuses a larger head. */
const headBytes = 15_000

/** For every operation of the document. `names` are values of the path parameters, `bytes` is the size of the bodies. */
export function * worstRequests (document: Json, names: Readonly<Record<string, string>>, bytes: number): Generator<WorstRequest> {
  for (const { at, path, method, operation } of operationsOf(document)) {
    const inPath = (name: string): string => names[name] ?? names.id!
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => inPath(name))
    const request = (what: string, members: Partial<WorstRequest>): WorstRequest => ({ what: `${at}: ${what}`, method: method.toUpperCase(), url, headers: {}, ...members })

    yield request('many parameters', { url: `${url}?${Array.from({ length: headBytes / 6 }, (_, n) => `p${n}=`).join('&').slice(0, headBytes)}` })
    yield request('one parameter many times', { url: `${url}?${'limit=1&'.repeat(headBytes / 8)}` })
    for (const { name, in: part } of (operation.parameters ?? []) as { name: string, in: string }[]) {
      for (const [what, text] of longTexts(headBytes / 3)) {
        if (part === 'query') yield request(`${what} as ${name}`, { url: `${url}?${name}=${encodeURIComponent(text).slice(0, headBytes)}` })
      }
    }
    const content = operation.requestBody?.content ?? {}
    if (content['application/json'] !== undefined) {
      for (const [what, text] of worstBodies(document, content['application/json'].schema, bytes)) {
        yield request(what, { headers: json, payload: Buffer.from(text) })
      }
    }
    if (content['application/yaml'] !== undefined) {
      for (const [what, text] of worstYaml(Math.min(bytes, 1_000_000))) yield request(what, { headers: yaml, payload: Buffer.from(text) })
    }
  }
}

function longTexts (length: number): [string, string][] {
  return [
    ['a long text', 'a'.repeat(length)], ['many spaces', `a${' '.repeat(length)}a`], ['leading spaces', ' '.repeat(length)], ['many digits', '9'.repeat(length)],
    ['a long time', `2026-03-02T09:15:00.${'0'.repeat(length)}Z`], ['many commas', ','.repeat(length)], ['many brackets', '['.repeat(length)]
  ]
}

function worstBodies (document: Json, schema: Json, bytes: number): [string, string][] {
  const bodies: [string, string][] = [
    ['numbers', list('0', bytes)], ['empty objects', list('{}', bytes)], ['empty lists', list('[]', bytes)], ['a wide object', wide(bytes)],
    ['deep lists', '['.repeat(bytes / 2) + ']'.repeat(bytes / 2)], ['deep objects', `${'{"a":'.repeat(bytes / 6)}0${'}'.repeat(bytes / 6)}`], ['lists that do not end', '['.repeat(bytes)],
    ['deep lists of long numbers', list(`${'['.repeat(50)}${list('12345678901234567890', 420)}${']'.repeat(50)}`, bytes)], ['long numbers', list('12345678901234567890', bytes)], ['numbers with many digits', list('1e308', bytes)],
    ['a text that does not end', `"${'a'.repeat(bytes)}`], ['many lines, then a fault', `${'\n'.repeat(bytes)}?`]
  ]
  const valid = exampleOf(document, schema)
  for (const [path, inner] of membersOf(document, schema, [])) {
    const at = path.join('.')
    const put = (text: string): string => withText(valid, path, text)
    if (inner.type === 'array') {
      const item = JSON.stringify(exampleOf(document, inner.items)) ?? '0'
      bodies.push([`${at} of numbers`, put(list('0', bytes))], [`${at} of empty objects`, put(list('{}', bytes))], [`${at} of lists`, put(list('[0]', bytes))],
        [`${at} of the same valid item`, put(list(item, bytes))], [`${at} of wide objects`, put(list(wide(500), bytes))])
      for (const [free, member] of membersOf(document, inner.items, [])) {
        // Each fits by itself; all of them together have as many digits as allowed, and more.
        const withDigits = (): string => withText(exampleOf(document, inner.items), free, `{"a":${list('1e308', 1200)}}`)
        if (member.additionalProperties === true) bodies.push([`${at}: numbers with all digits allowed as ${free.join('.')}`, put(list(withDigits(), bytes, jsonLimits.digits / 61_600))], [`${at}: numbers with many digits as ${free.join('.')}`, put(list(withDigits(), bytes))])
      }
      // as long as allowed, and each item has a fault
      if (inner.maxItems !== undefined) bodies.push([`${at} of allowed length, valid`, put(list(item, bytes, inner.maxItems))], [`${at} of allowed length`, put(list('{"a":1,"b":2}', bytes, inner.maxItems))])
    }
    if (inner.type === 'object' || inner.type === undefined) {
      bodies.push([`${at}: deep lists of long numbers`, put(`{"a":${list(`${'['.repeat(40)}${list('12345678901234567890', 420)}${']'.repeat(40)}`, bytes)}}`)])
      bodies.push([`${at}: numbers with many digits`, put(`{"a":${list('1e308', bytes)}}`)])
      bodies.push([`${at}: a wide object`, put(wide(bytes))], [`${at}: wide objects in lists`, put(`{"a":${list(wide(200), bytes)}}`)], [`${at}: empty objects`, put(`{"a":${list('{}', bytes)}}`)])
    }
    if (inner.type === 'string') for (const [what, text] of longTexts(bytes)) bodies.push([`${at}: ${what}`, put(JSON.stringify(text))])
  }
  return bodies
}

function worstYaml (bytes: number): [string, string][] {
  const keys = Array.from({ length: bytes / 40 }, (_, n) => `k${n}: 0`).join(', ')
  return [
    ['repeated merges', `base: &a {${keys}}\nother:\n${'  <<: *a\n'.repeat(bytes / 30)}`],
    ['growing merges', `other:\n${Array.from({ length: bytes / 24 }, (_, n) => `  <<: {k${n}: 0}\n`).join('')}`],
    ['aliases of a list', `a: &a [${'0,'.repeat(1000)}0]\nb: [${'*a,'.repeat(bytes / 4)}0]`],
    ['aliases of aliases', `a0: &a0 [0]\n${Array.from({ length: 60 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`).join('')}`],
    ['a list', `[${'0,'.repeat(bytes / 2)}0]`], ['empty mappings', `[${'{},'.repeat(bytes / 3)}0]`], ['many lines', '- 0\n'.repeat(bytes / 4)], ['many keys', Array.from({ length: bytes / 12 }, (_, n) => `k${n}: 0`).join('\n')],
    ['a long text', 'a'.repeat(bytes)], ['spaces', ' '.repeat(bytes)], ['brackets', '['.repeat(bytes)], ['braces', '{'.repeat(bytes)], ['dashes', '- '.repeat(bytes / 2)], ['question marks', '? '.repeat(bytes / 2)],
    ['comments', '#\n'.repeat(bytes / 2)], ['anchors', Array.from({ length: bytes / 12 }, (_, n) => `- &a${n} 0`).join('\n')], ['a folded text', `a: >\n${'  b\n'.repeat(bytes / 4)}`], ['quotes', '"\\x41'.repeat(bytes / 5)]
  ]
}

function list (item: string, bytes: number, most = Infinity): string {
  return `[${Array.from({ length: Math.min(most, Math.ceil(bytes / (item.length + 1))) }, () => item).join(',')}]`
}

function wide (bytes: number): string {
  return `{${Array.from({ length: Math.ceil(bytes / 10) }, (_, n) => `"k${n}":0`).join(',')}}`
}

/** Every member of a body, with its path; of lists also the members of the first item. */
function membersOf (document: Json, schema: Json, path: string[], depth = 0): [string[], Json][] {
  if (depth > 4) return []
  const inner = valueOf(document, schema)
  if (inner.type === 'array') return membersOf(document, inner.items, [...path, '0'], depth + 1)
  return Object.entries<Json>(inner.properties ?? {}).flatMap(([name, property]) => {
    const member = valueOf(document, property)
    return [[[...path, name], member] as [string[], Json], ...membersOf(document, member, [...path, name], depth + 1)]
  })
}

function exampleOf (document: Json, schema: Json): Json {
  const inner = resolved(document, schema)
  return structuredClone(inner.examples?.[0] ?? valueOf(document, schema).examples?.[0] ?? {})
}

/** A body as JSON, with this JSON text at a path. */
function withText (body: Json, path: readonly string[], text: string): string {
  const [name, ...rest] = path
  if (name === undefined) return text
  if (name === '0') return `[${withText(body?.[0], rest, text)}]`
  const { [name]: present, ...others } = body as Record<string, unknown> ?? {}
  const members = Object.entries(others).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
  return `{${[...members, `${JSON.stringify(name)}:${withText(present, rest, text)}`].join(',')}}`
}
