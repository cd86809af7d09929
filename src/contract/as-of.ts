import Type from 'typebox'
import { toUtc } from '../domain/step-times.ts'
import { isInstant } from '../domain/values.ts'
import { invalid } from './problems.ts'

/** A revision of the lab, or a time. */
export type AsOf = { revision: number } | { time: string }

/** The parameter by which a read asks for the state as it was. */
export const at = Type.Optional(Type.String({
  minLength: 1, maxLength: 40, description: 'The state as of then, from the log: a revision, or a time (RFC 3339 with an offset). Without it: now.', examples: ['7']
}))

/** For reads that take nothing else. */
export const AtQuery = Type.Object({ at }, { additionalProperties: false })

/** Reads the parameter; null: now. */
export function parseAsOf (given: string | undefined): AsOf | null {
  if (given === undefined) return null
  if (/^(0|[1-9]\d{0,14})$/.test(given)) return { revision: Number(given) }
  if (isInstant(given)) return { time: toUtc(given) }
  throw invalid({ in: 'query', parameter: 'at', detail: 'must be a revision (a whole number) or an RFC 3339 time with an offset, such as 2026-03-02T09:15:00Z' })
}
