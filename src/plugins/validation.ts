import type { Ajv, ErrorObject } from 'ajv'
import type { FastifyServerOptions } from 'fastify'
import { components } from '../contract/openapi.ts'
import { validatorFor } from '../contract/validator.ts'
import { rangeFaults, rangesIn } from '../domain/time-ranges.ts'
import { escapePointer, storageFault } from '../domain/values.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import { boundedValidation } from './bounded-validation.ts'

/**
 * Validates requests. Bodies are not coerced (the text "5" is not a number). Path and query parameters are converted from
 * text. Unknown members and parameters are refused. The faults of one part of the request are reported together.
 *
 * Responses are serialised by JSON.stringify, which drops no unknown members and writes dates in the format of the contract. Whole
 * numbers are written in full.
 * Every test checks that responses match their schemas (test/support/answers.ts).
 */
export const compilersFactory = {
  buildValidator: () => ({ schema, httpPart }: { schema: object, httpPart?: string }) => {
    const check = checkOf(schema)
    if (httpPart === 'body') return check
    const read = parameterReader(schema)
    const ranges = rangesIn(Object.keys((schema as ParameterSchema).properties ?? {}))
    return (parameters: Record<string, unknown>) => {
      const faults = parameterFaults(parameters)
      if (faults !== null) return { error: faults }
      read(parameters)
      const checked = check(parameters)
      const reversed = 'error' in checked ? [] : rangeFaults(parameters, ranges)
      return reversed.length === 0 ? checked : { error: reversed.map(({ member, detail }) => faultOf(member, detail)) }
    }
  },
  buildSerializer: () => () => writeExactly
} as unknown as NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

type Check = ReturnType<typeof boundedValidation>

const checks = new Map<string, Check>()
let validators: { failFast: Ajv, all: Ajv } | undefined

/** The check of a schema of the contract. All apps of a process share the checks: adding the components to Ajv takes longer than all other parts of `buildApp`. */
function checkOf (schema: object): Check {
  validators ??= { failFast: validatorFor(components, { allErrors: false }), all: validatorFor(components) }
  const key = JSON.stringify(schema)
  let check = checks.get(key)
  if (check === undefined) checks.set(key, check = boundedValidation(validators.failFast, validators.all, schema))
  return check
}

type ParameterSchema = { $id?: string, type?: string, $ref?: string, anyOf?: ParameterSchema[], properties?: Record<string, ParameterSchema> }

// Numbers in JSON notation: no plus sign, no hexadecimal, no space, no leading zero.
const integerText = /^-?(0|[1-9]\d{0,15})$/
const numberText = /^-?(0|[1-9]\d{0,20})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/

/** Converts the text of parameters to the number or boolean of their schema. Other text stays as it is and fails the validation. */
function parameterReader (schema: ParameterSchema): (parameters: Record<string, unknown>) => void {
  const types = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const type = (property.$ref === undefined ? property : component(property.$ref))?.type
    return type === 'integer' || type === 'number' || type === 'boolean' ? [{ name, type }] : []
  })
  return (parameters) => {
    for (const { name, type } of types) {
      const given = parameters[name]
      if (typeof given !== 'string') continue
      if (type === 'integer' && integerText.test(given) && Number.isSafeInteger(Number(given))) parameters[name] = Number(given)
      if (type === 'number' && numberText.test(given) && Number.isFinite(Number(given))) parameters[name] = Number(given)
      if (type === 'boolean' && (given === 'true' || given === 'false')) parameters[name] = given === 'true'
    }
  }
}

function component (id: string): ParameterSchema | undefined {
  return (components as readonly ParameterSchema[]).find(({ $id }) => $id === id)
}

type ParameterFault = Pick<ErrorObject, 'keyword' | 'instancePath' | 'message'>

function faultOf (name: string, message: string): ParameterFault {
  return { keyword: 'readable', instancePath: `/${escapePointer(name)}`, message }
}

// Checks that apply to every parameter: it must not be repeated, and must not contain what PostgreSQL refuses, such as NUL.
function parameterFaults (parameters: Record<string, unknown>): ParameterFault[] | null {
  let faults: ParameterFault[] | null = null
  for (const name in parameters) {
    const given = parameters[name]
    const message = Array.isArray(given) ? 'must be given only once' : storageFault(given)?.detail
    if (message !== undefined) (faults ??= []).push(faultOf(name, message))
  }
  return faults
}
