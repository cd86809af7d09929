import type { ErrorObject } from 'ajv'
import type { FastifyError } from 'fastify'
import { patternRules } from '../contract/common.ts'
import type { Fault } from '../contract/problems.ts'
import { invisibleFault, invisibleIn } from '../domain/plain-text.ts'
import { dayFault, escapePointer } from '../domain/values.ts'

// Turns validation errors into sentences for the person who has to fix the request.

const emptySegment = 'is empty in this path; for the list, leave out the slash at the end'

/** The faults of a validation error. Each names the member and the rule that it breaks. */
export function describeValidationErrors (error: FastifyError): Fault[] {
  const part = ({ body: 'body', querystring: 'query', params: 'path', headers: 'headers' } as const)[error.validationContext as 'body' | 'querystring' | 'params' | 'headers']
  const raw = (error.validation ?? []) as unknown as ErrorObject[]
  const faults = new Map<string, Fault>()
  for (const fault of meaningful(withoutOtherBranches(withoutCounts(raw)))) {
    const pointer = pointerOf(fault)
    const detail = part === 'path' && fault.data === '' ? emptySegment : ruleOf(fault)
    const place = part === 'body' ? { pointer } : { parameter: pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~') }
    if (!faults.has(pointer + detail)) faults.set(pointer + detail, { in: part, ...place, detail })
  }
  return [...faults.values()]
}

// `X or null` fails for X, for null and for the union. Only the first error is useful.
function meaningful (errors: readonly ErrorObject[]): ErrorObject[] {
  const useful = errors.filter((error) => (error.keyword !== 'anyOf' || error.params.kinds !== undefined) && !(error.keyword === 'type' && error.params.type === 'null') &&
    // For an empty text, the error about its length is enough.
    !(error.keyword === 'pattern' && error.data === ''))
  return useful.length > 0 ? useful : [...errors]
}

// A problem has at most 20 faults, and each union is compared with all faults.
const maxUnions = 20

/** Whether it is about a value of several kinds, null aside. */
function hasKinds ({ keyword, schema }: ErrorObject): boolean {
  return keyword === 'anyOf' && (schema as { type?: string }[]).filter(({ type }) => type !== 'null').length > 1
}

/**
 * A value that may be of several kinds breaks the rules of each. Only those of the kind that it has are told: of an object what its
 * members lack, of a text which texts are allowed. A value of no kind has one fault, which names the kinds.
 */
function withoutOtherBranches (errors: readonly ErrorObject[]): ErrorObject[] {
  return errors.filter(hasKinds).slice(0, maxUnions).reduce<ErrorObject[]>((left, union) => {
    const wrongKinds = left.filter(({ keyword, instancePath, params }) => keyword === 'type' && instancePath === union.instancePath && params.type !== 'null')
    if (wrongKinds.length === 0) return left
    const schemas = wrongKinds.map(({ parentSchema }) => parentSchema)
    const others = left.filter(({ parentSchema, instancePath }) => instancePath !== union.instancePath || !schemas.includes(parentSchema))
    const ofItsKind = others.some((error) => error !== union && error.instancePath.startsWith(union.instancePath) && error.params.type !== 'null')
    if (ofItsKind) return others
    if (wrongKinds.length === 1) return left
    return [...others.filter((error) => error !== union), { ...union, params: { kinds: schemas } }]
  }, [...errors])
}

/** With too few members, a member that is missing in any case says more than how many are wanted. */
function withoutCounts (errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const counted = errors.filter(({ keyword }) => keyword === 'minProperties')
  return errors.filter((error) => !counted.includes(error) || !errors.some(({ keyword, instancePath }) => keyword === 'required' && instancePath === error.instancePath))
}

function pointerOf (error: ErrorObject): string {
  if (error.keyword === 'additionalProperties') return `${error.instancePath}/${escapePointer(error.params.additionalProperty as string)}`
  if (error.keyword === 'required') return `${error.instancePath}/${escapePointer(error.params.missingProperty as string)}`
  return error.instancePath
}

function ruleOf (error: ErrorObject): string {
  const schema = error.parentSchema as Limits
  switch (error.keyword) {
    case 'additionalProperties': {
      const known = Object.keys(schema.properties ?? {})
      return known.length === 0 ? 'is unknown; no members are allowed here' : `is unknown; known are ${known.join(', ')}`
    }
    case 'required': return 'is required'
    case 'enum': return oneOf(error.params.allowedValues as unknown[])
    case 'pattern': return patternRules[error.schema as string] ?? 'contains characters that are not allowed'
    case 'x-max-levels': return `must not be nested deeper than ${String(error.schema)} levels`
    case 'x-max-bytes': return `must not be larger than ${String(error.schema)} bytes as JSON, in which numbers are written without an exponent`
    case 'format': return formatRule(error)
    case 'type': return typeRule(schema)
    case 'minimum': case 'maximum': case 'exclusiveMinimum': case 'exclusiveMaximum': return typeRule(schema)
    case 'minLength': case 'maxLength': return `must have ${fromTo(schema.minLength, schema.maxLength)} characters`
    case 'uniqueItems': return `must not have the same item twice, as items ${String(error.params.j)} and ${String(error.params.i)} are`
    case 'minItems': case 'maxItems': return `must have ${fromTo(schema.minItems, schema.maxItems)} items`
    case 'anyOf': return (error.params.kinds as Limits[] | undefined)?.map(typeRule).join(', or ').replaceAll(', or must be', ', or') ?? 'is not valid'
    case 'minProperties': return membersRule(schema)
    default: return error.message ?? 'is not valid'
  }
}

function oneOf (values: readonly unknown[]): string {
  return values.length === 1 ? `must be "${String(values[0])}"` : `must be one of ${values.join(', ')}`
}

/** The members that say what shall change: those that are required, such as a reason, say nothing alone. */
function membersRule ({ properties = {}, required = [], minProperties = 1 }: Limits): string {
  const optional = Object.keys(properties).filter((member) => !required.includes(member))
  const more = minProperties - required.length
  if (required.length === 0 || more < 1) return `must have ${fromTo(minProperties, undefined)} of the members ${Object.keys(properties).join(', ')}`
  return `must have, beside ${required.join(', ')}, ${fromTo(more, undefined)} of the members ${optional.join(', ')}`
}

type Limits = {
  type?: string, enum?: string[], properties?: object, required?: string[], minProperties?: number
  minLength?: number, maxLength?: number, minItems?: number, maxItems?: number
  minimum?: number, maximum?: number, exclusiveMinimum?: number, exclusiveMaximum?: number
}

const kinds: Readonly<Record<string, string>> = {
  integer: 'a whole number', number: 'a number', string: 'text', boolean: 'true or false', object: 'an object', array: 'a list', null: 'null'
}

function typeRule (schema: Limits): string {
  if (schema.enum !== undefined) return oneOf(schema.enum)
  const limits = [
    schema.minimum === undefined ? undefined : `at least ${schema.minimum}`,
    schema.exclusiveMinimum === undefined ? undefined : `above ${schema.exclusiveMinimum}`,
    schema.maximum === undefined ? undefined : `at most ${schema.maximum}`,
    schema.exclusiveMaximum === undefined ? undefined : `below ${schema.exclusiveMaximum}`
  ].filter((limit) => limit !== undefined)
  return `must be ${[kinds[schema.type ?? ''] ?? 'something else', limits.join(' and ')].filter(Boolean).join(', ')}`
}

function fromTo (least = 0, most: number | undefined): string {
  return most === undefined ? `at least ${least}` : least === most ? `${most}` : `${least} to ${most}`
}

const nameFormats: ReadonlySet<string> = new Set(['name', 'path-name', 'member-name', 'barcode'])

function formatRule (error: ErrorObject): string {
  const hidden = nameFormats.has(error.params.format as string) && typeof error.data === 'string' ? invisibleIn(error.data) : null
  if (hidden !== null) return invisibleFault(hidden)
  switch (error.params.format) {
    case 'date-time': {
      const fault = typeof error.data === 'string' ? dayFault(error.data) : null
      if (fault !== null) return fault
      const naive = typeof error.data === 'string' && /T[\d:.]+$/.test(error.data)
      const spaced = typeof error.data === 'string' && /T[\d:.]+ \d\d:\d\d$/.test(error.data)
      return 'must be an RFC 3339 time with an offset, such as 2026-03-02T09:15:00Z or 2026-03-02T10:15:00+01:00, years 1970 to 2999' +
        (naive ? '; add the missing Z or offset' : spaced ? '; in a URL write + as %2B' : '')
    }
    case 'barcode': return 'must not look like a UUID, and must not be "." or ".."'
    case 'member-name': return 'must not be "__proto__"'
    case 'path-name': return 'must not be ".", ".." or "__proto__"'
    case 'uuid': return 'must be a UUID'
    default: return error.message ?? 'has the wrong format'
  }
}
