import Type, { type Static, type TSchema } from 'typebox'
import { maxDataBytes, maxDataLevels, maxNameLength, maxTextLength } from '../domain/limits.ts'
import { controlClass, controlsOfBarcode, linePattern, linesPattern, saidLinesPattern } from '../domain/plain-text.ts'
import { stepStatuses } from '../domain/step-times.ts'

// Schemas that several nouns share. A schema with an $id becomes a component of the OpenAPI document; `ref` refers to it.

/**
 * A reference to a component, typed as the component. Every member has a description of its own: the component says what a
 * device name is, the member says which device it names. @fastify/swagger drops what stands beside a $ref, so the reference is
 * wrapped here, and unwrapped in the document (src/plugins/openapi-transform.ts).
 */
export function ref<S extends TSchema> (schema: S & { $id?: string }, description?: string) {
  return Type.Unsafe<Static<S>>(description === undefined ? Type.Ref(schema.$id!) : { allOf: [Type.Ref(schema.$id!)], description })
}

/** A JSON response with its own description, for operations with more than one success status. */
export function jsonResponse<S extends TSchema> (description: string, schema: S & { $id?: string }) {
  return Type.Unsafe<Static<S>>({ description, content: { 'application/json': { schema: ref(schema) } } })
}

/**
 * The value or null, as `anyOf`: the form that every client generator understands. The description is that of the value, unless
 * there is one of its own, for example because `schema` is a reference.
 */
export function nullable<S extends TSchema> (schema: S, description = (schema as { description?: string }).description) {
  return Type.Union([schema, Type.Null()], description === undefined ? {} : { description })
}

/** A member of a request body that may be omitted. Null means the same as omitting it. */
export function optional<S extends TSchema> (schema: S, description?: string) {
  return Type.Optional(nullable(schema, description))
}

/** An enum as a component. Client generators name the type after its id. */
export function stringEnum<const V extends readonly string[]> (id: string, values: V, description: string) {
  return Type.Unsafe<V[number]>({ $id: id, type: 'string', enum: [...values], description })
}

// No control characters, no space at the start or end. The body parser refuses lone surrogates and NUL before validation.
export const trimmedText = `^[^\\s${controlClass}]([^${controlClass}]*[^\\s${controlClass}])?$`

/** The same for barcodes, which may contain the group separator (GS, U+001D): it stands between the fields of a GS1 barcode. */
export const barcodeText = `^[^\\s${controlClass}]([^${controlsOfBarcode}]*[^\\s${controlClass}])?$`

/** Names are stored and compared in NFC: the validation changes what was sent (src/contract/validator.ts). */
export const normalized = { 'x-normalize': 'NFC' } as const

/** A leap second is read as the second after it. */
export const withoutLeapSeconds = { 'x-normalize': 'leap-second' } as const

/** The rule of each pattern, in words. */
export const patternRules: Readonly<Record<string, string>> = {
  [trimmedText]: 'must not contain control characters, or start or end with a space',
  [barcodeText]: 'must not contain control characters other than GS (U+001D) inside, or start or end with a space',
  [linePattern]: 'must not contain control characters',
  [linesPattern]: 'must not contain control characters other than line breaks',
  [saidLinesPattern]: 'must say something, not only spaces, and must not contain control characters other than line breaks'
}

/** A text of one line: a type, a content, an address. */
export function textLine (description: string, example: string) {
  return Type.String({ minLength: 1, maxLength: maxTextLength, pattern: linePattern, description, examples: [example] })
}

/** The name of a type. It can have spaces at its ends, because labware types of older labs have. */
export function typeName (description: string, example: string) {
  return Type.String({ minLength: 1, maxLength: maxTextLength, pattern: linePattern, format: 'name', ...normalized, description, examples: [example] })
}

/** A text that a person wrote, which can have several lines: a reason, a description. */
export function textLines (description: string, example: string) {
  return Type.String({ minLength: 1, maxLength: maxTextLength, pattern: linesPattern, description, examples: [example] })
}

/** A text that somebody reads later to understand what was done: a reason, a note. It is not blank. */
export function reasonText (description: string, example: string) {
  return Type.String({ minLength: 1, maxLength: maxTextLength, pattern: saidLinesPattern, description, examples: [example] })
}

const nameForm = 'No invisible characters. Stored and compared in Unicode form NFC.'

export const Name = Type.String({
  $id: 'Name', minLength: 1, maxLength: maxNameLength, pattern: trimmedText, format: 'name', ...normalized,
  description: `A name: 1 to 200 characters, no control characters, no space at the start or end. ${nameForm}`, examples: ['Cytomat1']
})

/** The name of a container is its barcode when it has no other, so it may contain what a barcode may. */
export const NameOrBarcode = Type.String({
  $id: 'NameOrBarcode', minLength: 1, maxLength: maxNameLength, pattern: barcodeText, format: 'name', ...normalized,
  description: `The name of a container, which can be its barcode: 1 to 200 characters, no control characters other than GS (U+001D), no space at the start or end. ${nameForm}`,
  examples: ['ScreenPlate_01']
})

export const DeviceName = Type.String({
  $id: 'DeviceName', minLength: 1, maxLength: maxNameLength, pattern: trimmedText, format: 'path-name', ...normalized,
  description: `The name of a device: 1 to 200 characters, no control characters, no space at the start or end. Not ".", ".." or "__proto__". ${nameForm}`, examples: ['Hamilton_STAR']
})

export const GroupName = Type.String({
  $id: 'GroupName', minLength: 1, maxLength: maxNameLength, pattern: trimmedText, format: 'member-name', ...normalized,
  description: `The name of a group of devices: 1 to 200 characters, no control characters, no space at the start or end. Not "__proto__". ${nameForm}`, examples: ['incubators']
})

export const Barcode = Type.String({
  $id: 'Barcode', minLength: 1, maxLength: maxNameLength, pattern: barcodeText, format: 'barcode', ...normalized,
  description: [
    'The barcode of a container: 1 to 200 characters, no control characters other than GS (U+001D) between its fields, no space at the start or end.',
    'It must not look like a UUID and must not be "." or "..", because it can be used wherever a container id can.', nameForm
  ].join(' '),
  examples: ['SCREEN_001']
})

/** A barcode or an id, as a logged step names a container. Accepts any text that a scanner can read, also texts that `Barcode` refuses. */
export const ContainerName = Type.String({
  $id: 'ContainerName', minLength: 1, maxLength: maxNameLength, pattern: barcodeText, format: 'name', ...normalized,
  description: 'The barcode or the id of a container.', examples: ['SCREEN_001']
})

export const Uuid = Type.String({ $id: 'Uuid', format: 'uuid', description: 'A UUID.', examples: ['0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'] })

export const Slot = Type.Integer({ $id: 'Slot', minimum: 0, maximum: 9999, description: 'The number of a slot on its device, counted from 0.', examples: [5] })

/** In requests: RFC 3339 with an offset. In responses: UTC with milliseconds and `Z`, as JSON.stringify writes a Date. */
export const Timestamp = Type.Unsafe<string | Date>({
  $id: 'Timestamp', type: 'string', format: 'date-time',
  description: 'An RFC 3339 time with an offset (`Z` or `+02:00`), years 1970 to 2999. Responses use UTC with milliseconds.',
  examples: ['2026-03-02T09:15:00.000Z']
})

/** A time in a request, as text. */
export const TimestampIn = Type.Unsafe<string>({ type: 'string', format: 'date-time', ...withoutLeapSeconds, description: 'An RFC 3339 time with an offset (`Z` or `+02:00`), years 1970 to 2999.', examples: ['2026-03-02T09:15:00.000Z'] })

export const Seconds = Type.Number({ $id: 'Seconds', minimum: 0, description: 'A duration in seconds.', examples: [41.5] })

export const Version = Type.Integer({ $id: 'Version', minimum: 1, description: 'How often this object changed, counted from 1. Every change adds 1.', examples: [3] })

/** Any JSON object of at most 64 KiB and 32 levels. */
export const JsonObject = Type.Unsafe<Record<string, unknown>>({
  $id: 'JsonObject', type: 'object', additionalProperties: true, 'x-max-bytes': maxDataBytes, 'x-max-levels': maxDataLevels,
  description: 'Any JSON object of at most 64 KiB and 32 levels of nesting. Numbers count as they are written without an exponent: `1e308` has 309 digits.', examples: [{ fct: 'absorbance', wavelength: 570 }]
})

export const Place = Type.Object({ device: ref(DeviceName, 'The device.'), position: ref(Slot, 'The slot of the device.') }, {
  $id: 'Place', additionalProperties: false, description: 'A place: a device and the number of a slot on it.', examples: [{ device: 'Incubator', position: 5 }]
})

export type Place = Static<typeof Place>

export const Warning = Type.Object({
  code: Type.String({ description: 'A stable code for programs.', examples: ['unknown-device'] }),
  detail: Type.String({ description: 'What is unusual, as a sentence.' }),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer to the request member that caused the warning.', examples: ['/device'] }))
}, { $id: 'Warning', description: 'Something unusual that did not stop the request.', examples: [{ code: 'unknown-device', detail: 'The lab has no device "Reader9".', pointer: '/device' }] })

export type Warning = Static<typeof Warning>

const aCursor = 'WyJ0X3h2Q2kxOSIsIjAxOTlmMmY0Il0'

/** One page of a list. */
export function page<S extends TSchema> (id: string, item: S & { $id?: string }) {
  return Type.Object({
    items: Type.Array(ref(item), { description: 'The items of this page.' }),
    next_cursor: nullable(Type.String({ description: 'Send it as `cursor` to get the next page. Null on the last page.', examples: [aCursor] })),
    total: Type.Optional(Type.Integer({ minimum: 0, description: 'The number of items on all pages. Present only with `count=true`.' }))
  }, { $id: id, description: 'One page of a list.', examples: [{ items: firstExample(item), next_cursor: aCursor, total: 120 }] })
}

/** The query parameters that every list takes. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'The maximum number of items on a page. A page with large items, for example steps with much data, ends after 4 MiB of JSON.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: 'The `next_cursor` of the previous page.', examples: [aCursor] })),
  count: Type.Optional(Type.Boolean({ default: false, description: 'Whether to count all matching items and return the number as `total`.' }))
}

/** The parameter of writes that answer a dry run as they would answer otherwise. */
export const dryRunParameter = Type.Optional(Type.Boolean({ default: false, description: 'Whether to only return what the response would be, or the refusal, without changing anything.' }))

/** For operations without query parameters. Any parameter is refused. */
export const noQuery = Type.Object({}, { additionalProperties: false })

/** A boolean filter with a third value for both. */
export const AnyBoolean = stringEnum('AnyBoolean', ['true', 'false', 'any'], '`true`: only items for which this is true. `false`: only items for which it is false. `any`: both.')

export const StepKind = stringEnum('StepKind', ['operation', 'move'], '`operation`: a device works on something. `move`: a device carries a container to another place.')

export const StepStatus = stringEnum('StepStatus', stepStatuses, 'Whether a step is still running or paused, or how it ended. `lost`: it was running when the session of its orchestrator was over, and nobody has said since how it ended.')

/** The result of a batch, in the order of the request. */
export function items<S extends TSchema> (id: string, item: S & { $id?: string }, description: string) {
  return Type.Object({ items: Type.Array(ref(item), { description: 'One item for each item of the request, in the same order.' }) }, { $id: id, description, examples: [{ items: firstExample(item) }] })
}

/** Puts the members of a snapshot in the order of its schema. PostgreSQL's jsonb does not keep the order. Returns null for null. */
export function inSchemaOrder<S extends TSchema & { properties: object }> (schema: S, snapshot: Static<S> | null): Static<S> | null {
  if (snapshot === null) return null
  const members = snapshot as Record<string, unknown>
  return Object.fromEntries(Object.keys(schema.properties).map((name) => [name, members[name]])) as Static<S>
}

function firstExample ({ examples }: TSchema & { examples?: unknown[] }): unknown[] {
  return (examples ?? []).slice(0, 1)
}

export const commonSchemas: readonly TSchema[] = [
  Name, NameOrBarcode, DeviceName, GroupName, Barcode, ContainerName,
  Uuid, Slot, Timestamp, Seconds, Version, JsonObject, Place, Warning, AnyBoolean, StepKind, StepStatus
]
