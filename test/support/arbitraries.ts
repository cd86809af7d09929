import fc, { type Arbitrary } from 'fast-check'

// Random requests from the OpenAPI document: valid, nearly valid, and invalid ones.

type Json = any
/** Existing values by schema component, so that requests find something. Without any, examples are used. */
export type Known = Readonly<Record<string, readonly unknown[]>>
export type Request = { method: string, url: string, headers: Record<string, string>, payload?: string }

const oddTexts = [
  '', ' ', 'x', ' a', 'a ', '.', '..', '-1', '0', '1.5', '01', '1e400', 'NaN', 'null', 'true', 'undefined', '__proto__', 'constructor', 'a/b', '%', '%2F', '%00', '\u0000', 'a\u0000b', '\ud800', '🧪',
  '\u200b', '\ufeff', '\n', '\u007f', 'e\u0301', '٣', "'; DROP TABLE lab; --", '$1', '\\', '"', '{}', '[]', 'infinity', '-infinity', 'now', 'epoch', 'x'.repeat(201), 'x'.repeat(3000),
  '0199F2F4-7C1A-7B3E-9D52-0C6A1F0E8B11', '00000000-0000-0000-0000-000000000000', '2026-03-02', '2026-03-02T09:15:00', '2026-03-02T09:15:60Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59Z',
  '2999-12-31T23:59:59.999Z', '1970-01-01T00:00:00Z', '2026-03-02T09:15:00.123456789+23:59'
]
const oddNumbers = [0, -0, 1, -1, 0.5, -0.5, 9999, 10_000, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -(2 ** 53), 1e-320, 1e21, 1e308, -1e308]

const oddText = fc.oneof(fc.constantFrom(...oddTexts), fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 12 }))
const oddNumber = fc.oneof(fc.constantFrom(...oddNumbers), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
const deep = fc.constantFrom(33, 101, 2000).map((levels) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown)
const odd: Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: oddText }, { weight: 3, arbitrary: oddNumber },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null], { a: null }, { '': 1 }, { constructor: 1 }, { 'a\u0000': 1 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) }, { weight: 1, arbitrary: deep }
)

/** Random requests of an operation. */
export function requestOf (document: Json, path: string, method: string, operation: Json, known: Known): Arbitrary<Request> {
  const valid = (schema: Json) => validOf(document, schema, known)
  const parameters: Json[] = operation.parameters ?? []
  const ofPart = (part: string) => parameters.filter((one) => one.in === part)

  const inPath = fc.record(Object.fromEntries(ofPart('path').map(({ name, schema }) => [name, mostly(valid(schema).map(segment), oddText.map(segment), fc.constantFrom('%zz', '%00', '%ff', '', 'a%2Fb'))])))
  const inQuery = fc.record(Object.fromEntries(ofPart('query').map(({ name, schema }) =>
    [name, seldom(mostly(valid(schema).map(segment), oddText.map(segment), fc.constantFrom('%zz', '%00', '%ED%A0%80', '1&limit=2')))])))
  const surplus = fc.oneof({ weight: 19, arbitrary: fc.constant('') }, { weight: 1, arbitrary: oddText.map((name) => `${segment(name)}=1`) })
  const headers = fc.record({
    'if-none-match': fc.constantFrom('*', '"x"', 'W/"x", "y"', ','), accept: fc.constantFrom('*/*', 'application/yaml', 'text/*;q=x', '', ';;,', 'application/json;q=0'),
    'x-request-id': fc.constantFrom('a', '\u00e9', ' ')
  }, { requiredKeys: [] })

  return fc.tuple(inPath, inQuery, surplus, headers, bodyOf(document, operation.requestBody, known)).map(([names, query, more, others, body]) => {
    const search = [...Object.entries(query).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value as string}`), ...more === '' ? [] : [more]].join('&')
    return {
      method: method.toUpperCase(),
      url: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => (names as Json)[name]) + (search === '' ? '' : `?${search}`),
      headers: { ...others as Record<string, string>, ...body?.headers },
      ...body === null ? {} : { payload: body.payload }
    }
  })
}

function bodyOf (document: Json, requestBody: Json, known: Known): Arbitrary<{ payload: string, headers: Record<string, string> } | null> {
  if (requestBody === undefined) return fc.constant(null)
  const types = Object.keys(requestBody.content)
  const json = validOf(document, requestBody.content['application/json'].schema, known)
  const values = fc.oneof({ weight: 5, arbitrary: json }, { weight: 4, arbitrary: mutated(json) }, { weight: 1, arbitrary: odd })
  const asJson = values.map((value) => ({ payload: JSON.stringify(value), headers: { 'content-type': 'application/json' } }))
  const asText = fc.tuple(fc.constantFrom(...types, 'text/plain', 'nonsense', ''), fc.oneof(oddText, values.map((value) => JSON.stringify(value)), values.map((value) => JSON.stringify(value).slice(1))))
    .map(([type, payload]) => ({ payload, headers: { 'content-type': type } }))
  return fc.oneof({ weight: 9, arbitrary: asJson }, { weight: 1, arbitrary: asText })
}

function mostly<T> (...[first, ...others]: [Arbitrary<T>, ...Arbitrary<T>[]]): Arbitrary<T> {
  return fc.oneof({ weight: 20, arbitrary: first }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })))
}

function seldom<T> (arbitrary: Arbitrary<T>): Arbitrary<T | undefined> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}

/** Values that a schema (nearly) allows: existing values, examples, and random values of its type. */
export function validOf (document: Json, schema: Json, known: Known): Arbitrary<unknown> {
  const name: string | undefined = schema.$ref?.split('/').at(-1)
  const { anyOf, enum: values, examples, ...own }: Json = name === undefined ? schema : document.components.schemas[name]
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((one: Json) => validOf(document, one, known)))
  if (values !== undefined) return fc.constantFrom(...values)
  const shown: unknown[] = [...known[name ?? ''] ?? [], ...examples ?? []]
  const made = madeOf(document, own, known)
  return shown.length === 0 ? made : fc.oneof({ weight: known[name ?? ''] === undefined ? 1 : 6, arbitrary: fc.constantFrom(...shown) }, { weight: 2, arbitrary: made })
}

function madeOf (document: Json, schema: Json, known: Known): Arbitrary<unknown> {
  switch (schema.type) {
    case 'boolean': return fc.boolean()
    case 'integer': return fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 2 ** 53, 7))
    case 'number': return fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), oddNumber)
    case 'null': return fc.constant(null)
    case 'array': return fc.array(validOf(document, schema.items, known), { minLength: Math.min(schema.minItems ?? 0, 1), maxLength: 3 })
    case 'string': return textOf(schema, known)
    case 'object': return objectOf(document, schema, known)
    default: return fc.jsonValue({ maxDepth: 2 })
  }
}

function textOf ({ format, maxLength = 30 }: Json, known: Known): Arbitrary<unknown> {
  if (format === 'uuid') return fc.oneof(fc.uuid(), fc.constantFrom(...known.Uuid ?? ['x']))
  if (format === 'date-time') return fc.date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true }).map((date) => date.toISOString())
  return fc.oneof(fc.string({ unit: 'grapheme', maxLength: Math.min(maxLength, 20) }), oddText)
}

function objectOf (document: Json, { properties = {}, required = [], additionalProperties }: Json, known: Known): Arbitrary<object> {
  const members = fc.record(Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, validOf(document, one, known)])), { requiredKeys: required })
  if (additionalProperties === false) return members
  const others = typeof additionalProperties === 'object' ? validOf(document, additionalProperties, known) : fc.jsonValue({ maxDepth: 2 })
  const names = fc.oneof(fc.constantFrom('fct', 'Hotel', 'Washer', 'new'), fc.string({ unit: 'grapheme', maxLength: 5 }))
  return fc.tuple(fc.dictionary(names, others, { maxKeys: 3 }), members).map(([more, own]) => ({ ...more, ...own }))
}

/** Values with one random change: a part is replaced by an odd value or removed, or a member is added. */
function mutated (values: Arbitrary<unknown>): Arbitrary<unknown> {
  return fc.tuple(values, fc.nat(1000), fc.constantFrom('replace', 'remove', 'add'), odd, oddText).map(([value, at, how, other, name]) => {
    const copy = { root: structuredClone(value) }
    const places = placesIn(copy)
    const [parent, key] = places[at % places.length]!
    if (how === 'replace') parent[key] = other
    else if (how === 'remove') delete parent[key]
    else if (typeof parent[key] === 'object' && parent[key] !== null && name !== '__proto__') parent[key][name] = other
    else parent[key] = [parent[key], other]
    return copy.root ?? null
  })
}

function placesIn (thing: Json): [Json, string][] {
  if (typeof thing !== 'object' || thing === null) return []
  return Object.keys(thing).flatMap((key): [Json, string][] => [[thing, key], ...placesIn(thing[key])])
}

function segment (value: unknown): string {
  return encodeURIComponent(String(value).toWellFormed())
}
