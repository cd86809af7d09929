import type { ErrorObject } from 'ajv'
import type { FastifyServerOptions } from 'fastify'
import { validatorFor } from '../contract/validator.ts'
import { escapePointer, unstorable } from '../domain/values.ts'
import { boundedValidation } from './bounded-validation.ts'

/**
 * Validation as the contract has it: bodies are taken literally (the text "5" is no number), path and query parameters
 * are read from text, unknown members and parameters are faults, and all faults of a part are told at once.
 *
 * Answers are written by JSON.stringify: it loses nothing silently and writes dates as the contract wants them. That
 * answers match their schemas is checked in every test (test/support/answers.ts).
 */
export const compilersFactory = {
  buildValidator: (components: Record<string, object>) => {
    const first = validatorFor(Object.values(components), { allErrors: false })
    const all = validatorFor(Object.values(components))
    return ({ schema, httpPart }: { schema: object, httpPart?: string }) => {
      const check = boundedValidation(first, all, schema)
      if (httpPart === 'body') return check
      const read = parameterReader(schema, components)
      return (parameters: Record<string, unknown>) => {
        const faults = parameterFaults(parameters)
        if (faults !== null) return { error: faults }
        read(parameters)
        return check(parameters)
      }
    }
  },
  buildSerializer: () => () => (data: unknown) => JSON.stringify(data)
} as unknown as NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

type ParameterSchema = { type?: string, $ref?: string, anyOf?: ParameterSchema[], properties?: Record<string, ParameterSchema> }

// as JSON writes them: no plus sign, no hexadecimal, no space, no leading zero
const integerText = /^-?(0|[1-9]\d{0,14})$/
const numberText = /^-?(0|[1-9]\d{0,20})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/

/** Turns the text of parameters into the numbers and booleans their schemas ask for; what does not read as one stays text, and fails. */
function parameterReader (schema: ParameterSchema, components: Record<string, ParameterSchema>): (parameters: Record<string, unknown>) => void {
  const types = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const type = (property.$ref === undefined ? property : components[property.$ref])?.type
    return type === 'integer' || type === 'number' || type === 'boolean' ? [{ name, type }] : []
  })
  return (parameters) => {
    for (const { name, type } of types) {
      const given = parameters[name]
      if (typeof given !== 'string') continue
      if (type === 'integer' && integerText.test(given)) parameters[name] = Number(given)
      if (type === 'number' && numberText.test(given) && Number.isFinite(Number(given))) parameters[name] = Number(given)
      if (type === 'boolean' && (given === 'true' || given === 'false')) parameters[name] = given === 'true'
    }
  }
}

// What no parameter may be, whatever its schema: the database refuses NUL in any text, and a repeated one is no text.
function parameterFaults (parameters: Record<string, unknown>): Pick<ErrorObject, 'keyword' | 'instancePath' | 'message'>[] | null {
  let faults: Pick<ErrorObject, 'keyword' | 'instancePath' | 'message'>[] | null = null
  for (const name in parameters) {
    const given = parameters[name]
    const message = Array.isArray(given) ? 'must be given only once' : unstorable(given)?.detail
    if (message !== undefined) (faults ??= []).push({ keyword: 'readable', instancePath: `/${escapePointer(name)}`, message })
  }
  return faults
}
