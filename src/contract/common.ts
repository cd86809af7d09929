import Type, { type Static, type TSchema } from 'typebox'
import { controlClass, linePattern, linesPattern } from '../domain/plain-text.ts'

// Building blocks that every module's schemas share. Named components ($id) become components of the OpenAPI document;
// `ref` refers to one and keeps its type.

/** A reference to a named component, typed as the component. */
export function ref<S extends TSchema> (schema: S & { $id?: string }) {
  return Type.Unsafe<Static<S>>(Type.Ref(schema.$id!))
}

/** A JSON answer of a route with a description of its own, for calls with more than one kind of success. */
export function answer<S extends TSchema> (description: string, schema: S & { $id?: string }) {
  return Type.Unsafe<Static<S>>({ description, content: { 'application/json': { schema: ref(schema) } } })
}

/** The value or null: the form that every client generator understands. */
export function nullable<S extends TSchema> (schema: S) {
  return Type.Union([schema, Type.Null()])
}

/** A member of a POST that may be left out; null is the same as leaving it out. */
export function optional<S extends TSchema> (schema: S) {
  return Type.Optional(nullable(schema))
}

/** An enum as a named component; answers' enums are part of the promise to generated clients. */
export function stringEnum<const V extends readonly string[]> (id: string, values: V, description: string) {
  return Type.Unsafe<V[number]>({ $id: id, type: 'string', enum: [...values], description })
}

// No control characters, no space at either end. Lone surrogates and NUL are refused for whole bodies, before any schema.
const clean = `^[^\\s${controlClass}]([^${controlClass}]*[^\\s${controlClass}])?$`

/** What a pattern of ours asks, in words. */
export const patternRules: Readonly<Record<string, string>> = {
  [clean]: 'must not hold control characters, nor begin or end with a space',
  [linePattern]: 'must not hold control characters',
  [linesPattern]: 'must not hold control characters, but for line breaks'
}

/** A text of one line: what a thing is, holds, or where it answers. */
export function textLine (description: string, example: string) {
  return Type.String({ minLength: 1, maxLength: 2000, pattern: linePattern, description, examples: [example] })
}

/** A text of people, which may have several lines: a reason, a description. */
export function textLines (description: string, example: string) {
  return Type.String({ minLength: 1, maxLength: 2000, pattern: linesPattern, description, examples: [example] })
}

export const Name = Type.String({
  $id: 'Name', minLength: 1, maxLength: 200, pattern: clean,
  description: '1 to 200 characters, no control characters, no space at either end.', examples: ['Cytomat1']
})

export const DeviceName = Type.String({
  $id: 'DeviceName', minLength: 1, maxLength: 200, pattern: clean, format: 'path-name',
  description: 'A device\'s name: 1 to 200 characters, no control characters, no space at either end; not "." or "..".', examples: ['Hamilton_STAR']
})

export const Barcode = Type.String({
  $id: 'Barcode', minLength: 1, maxLength: 200, pattern: clean, format: 'barcode',
  description: 'A container\'s barcode: 1 to 200 characters, no control characters, no space at either end; neither shaped like a UUID nor "." or "..", so that it can stand where an id can.',
  examples: ['SCREEN_001']
})

/** A barcode or an id, as a log names a container: anything that could have been read off a plate. */
export const ContainerName = Type.String({
  $id: 'ContainerName', minLength: 1, maxLength: 200, pattern: clean,
  description: 'The barcode of a container, or its id.', examples: ['SCREEN_001']
})

export const Uuid = Type.String({ $id: 'Uuid', format: 'uuid', description: 'A UUID.', examples: ['0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'] })

export const Slot = Type.Integer({ $id: 'Slot', minimum: 0, maximum: 9999, description: 'A slot of a device, counted from 0.', examples: [5] })

/** In: RFC 3339 with an offset. Out: UTC, `Z`, milliseconds (a Date of the database is written so by JSON.stringify). */
export const Timestamp = Type.Unsafe<string | Date>({
  $id: 'Timestamp', type: 'string', format: 'date-time',
  description: 'RFC 3339 with an offset (`Z` or `+02:00`), years 1970 to 2999. Answers are in UTC with milliseconds.',
  examples: ['2026-03-02T09:15:00.000Z']
})

/** A time in a request: always text. */
export const TimestampIn = Type.Unsafe<string>({ type: 'string', format: 'date-time', description: 'RFC 3339 with an offset (`Z` or `+02:00`), years 1970 to 2999.', examples: ['2026-03-02T09:15:00.000Z'] })

export const Seconds = Type.Number({ $id: 'Seconds', minimum: 0, description: 'A duration in seconds.', examples: [41.5] })

export const Version = Type.Integer({ $id: 'Version', minimum: 1, description: 'Counts the changes of this thing, from 1.', examples: [3] })

/** Any JSON object, within the limits that keep a row readable: 64 KiB, 32 levels. */
export const JsonObject = Type.Unsafe<Record<string, unknown>>({
  $id: 'JsonObject', type: 'object', additionalProperties: true, 'x-max-bytes': 65536, 'x-max-levels': 32,
  description: 'Any JSON object, up to 64 KiB and 32 levels deep.', examples: [{ fct: 'absorbance', wavelength: 570 }]
})

export const Place = Type.Object({ device: ref(DeviceName), position: ref(Slot) }, {
  $id: 'Place', additionalProperties: false, description: 'A slot of a device.', examples: [{ device: 'Incubator', position: 5 }]
})

export type Place = Static<typeof Place>

export const Warning = Type.Object({
  code: Type.String({ description: 'A stable code.', examples: ['unknown-device'] }),
  detail: Type.String({ description: 'What is odd, in words.' }),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer to the member of the request that caused it.', examples: ['/device'] }))
}, { $id: 'Warning', description: 'Something odd that did not stop the request.', examples: [{ code: 'unknown-device', detail: 'No device of the lab is called "Reader9".', pointer: '/device' }] })

const aCursor = 'WyJ0X3h2Q2kxOSIsIjAxOTlmMmY0Il0'

/** One page of a list. */
export function page<S extends TSchema> (id: string, item: S & { $id?: string }) {
  return Type.Object({
    items: Type.Array(ref(item)),
    next_cursor: nullable(Type.String({ description: 'Give it as `cursor` to read on; null at the end.', examples: [aCursor] })),
    total: Type.Optional(Type.Integer({ minimum: 0, description: 'How many there are in all; only with `count=true`.' }))
  }, { $id: id, description: 'One page of a list.', examples: [{ items: firstExample(item), next_cursor: aCursor, total: 120 }] })
}

/** The query parameters that every list takes. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'Items a page, at most 500.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: '`next_cursor` of the page before.', examples: [aCursor] })),
  count: Type.Optional(Type.Boolean({ default: false, description: 'Also count all that match, as `total`.' }))
}

/** For calls that take no query parameters: any is a fault. */
export const noQuery = Type.Object({}, { additionalProperties: false })

/** A yes/no filter with a third value for both. */
export const AnyBoolean = stringEnum('AnyBoolean', ['true', 'false', 'any'], 'Those that are, those that are not, or both.')

export const StepKind = stringEnum('StepKind', ['operation', 'move'], 'A device works (operation), or carries a container elsewhere (move).')

export const StepStatus = stringEnum('StepStatus', ['running', 'completed', 'failed', 'aborted'], 'How far a step is, or how it ended.')

/** Items of a batch, in the order given. */
export function items<S extends TSchema> (id: string, item: S & { $id?: string }, description: string) {
  return Type.Object({ items: Type.Array(ref(item)) }, { $id: id, description, examples: [{ items: firstExample(item) }] })
}

/** A thing that comes as an image out of the log or a function, with its members in the order of its schema; null as it is. */
export function inSchemaOrder<S extends TSchema & { properties: object }> (schema: S, image: Static<S> | null): Static<S> | null {
  if (image === null) return null
  const members = image as Record<string, unknown>
  return Object.fromEntries(Object.keys(schema.properties).map((name) => [name, members[name]])) as Static<S>
}

function firstExample ({ examples }: TSchema & { examples?: unknown[] }): unknown[] {
  return (examples ?? []).slice(0, 1)
}

export const commonSchemas: readonly TSchema[] = [
  Name, DeviceName, Barcode, ContainerName, Uuid, Slot, Timestamp, Seconds, Version, JsonObject, Place, Warning, AnyBoolean, StepKind, StepStatus
]
