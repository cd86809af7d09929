import Type from 'typebox'
import { toUtc } from '../domain/step-times.ts'
import { dayFault, isInstant } from '../domain/values.ts'
import { invalid } from './problems.ts'

/** A point in the history of the lab: a revision or a time. */
export type AsOf = { revision: number } | { time: string }

/** The query parameter that asks for an earlier state. */
export const atParameter = Type.Optional(Type.String({
  minLength: 1, maxLength: 40, description: 'Return an earlier state: as of a revision, or as of a time (RFC 3339 with an offset). The default is the present state.', examples: ['7']
}))

/** For reads without other query parameters. */
export const AtQuery = Type.Object({ at: atParameter }, { additionalProperties: false })

/** Where a request says the point in the history. */
export type AsOfLocation = { in: 'query', parameter: 'at' } | { in: 'body', pointer: '/at' }

const inQuery: AsOfLocation = { in: 'query', parameter: 'at' }

/** Parses the parameter. Returns null when it is absent, which means now. Throws a 400 when it is neither a revision nor a time. */
export function parseAsOf (value: string | undefined): AsOf | null {
  return value === undefined ? null : parsePoint(value, inQuery)
}

/** Parses a revision, as a number or as text, or a time. Throws a 400 when it is neither. */
export function parsePoint (value: unknown, location: AsOfLocation): AsOf {
  const isRevision = typeof value === 'string' ? /^(0|[1-9]\d{0,14})$/.test(value) : Number.isSafeInteger(value) && Number(value) >= 0
  if (isRevision) return { revision: Number(value) }
  if (typeof value === 'string' && isInstant(value)) return { time: toUtc(value) }
  const fault = typeof value === 'string' ? dayFault(value) : null
  if (fault !== null) throw invalid({ ...location, detail: fault })
  throw invalid({ ...location, detail: 'must be a revision (a whole number) or an RFC 3339 time with an offset, such as 2026-03-02T09:15:00Z' })
}
