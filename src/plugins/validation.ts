import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import formatsPlugin from 'ajv-formats'
import type { FastifyServerOptions } from 'fastify'
import { depthOf, escapePointer, isInstant, isPathName, isUuid, unstorable } from '../domain/values.ts'

/**
 * Validation as the contract has it: bodies are taken literally (the text "5" is no number), path and query parameters
 * are read from text, unknown members and parameters are faults, and all faults of a part are told at once.
 *
 * Answers are written by JSON.stringify: it loses nothing silently and writes dates as the contract wants them. That
 * answers match their schemas is checked in every test (test/support/answers.ts).
 */
export const compilersFactory = {
  buildValidator: (components: Record<string, object>) => {
    const ajv = validatorFor(Object.values(components))
    return ({ schema, httpPart }: { schema: object, httpPart?: string }) => {
      const check = whenFirstAsked(ajv, schema)
      if (httpPart === 'body') return check
      const read = readerFor(schema, components)
      return (parameters: Record<string, unknown>) => {
        const faults = unreadable(parameters)
        if (faults !== null) return { error: faults }
        read(parameters)
        return check(parameters)
      }
    }
  },
  buildSerializer: () => () => (data: unknown) => JSON.stringify(data)
} as unknown as NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

// Compiling all schemas takes longer than the rest of the start together, and most clients call few operations.
function whenFirstAsked (ajv: Ajv, schema: object): (value: unknown) => { value: unknown } | { error: unknown } {
  let compiled: ValidateFunction | undefined
  return (value) => {
    const validate = compiled ??= ajv.compile(schema)
    return validate(value) ? { value } : { error: validate.errors }
  }
}

/** A validator that knows the formats and keywords of our schemas, and the given components. */
export function validatorFor (components: readonly object[]): Ajv {
  // that the schemas are sound themselves is tested on the whole document (test/contract/openapi-rules.test.ts)
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, useDefaults: false, coerceTypes: false, validateSchema: false, meta: false })
  formatsPlugin.default(ajv, ['uuid'])
  ajv.addFormat('date-time', isInstant)
  ajv.addFormat('path-name', isPathName)
  ajv.addFormat('barcode', (text: string) => isPathName(text) && !isUuid(text))
  ajv.addKeyword({ keyword: 'x-max-levels', type: 'object', error: { message: 'is nested too deep' }, validate: (levels: number, data: object) => depthOf(data, levels) <= levels })
  ajv.addKeyword({ keyword: 'x-max-bytes', type: 'object', error: { message: 'is too large' }, validate: (bytes: number, data: object) => Buffer.byteLength(JSON.stringify(data)) <= bytes })
  for (const component of components) ajv.addSchema(component)
  return ajv
}

type ParameterSchema = { type?: string, $ref?: string, anyOf?: ParameterSchema[], properties?: Record<string, ParameterSchema> }

// as JSON writes them: no plus sign, no hexadecimal, no space, no leading zero
const integerText = /^-?(0|[1-9]\d{0,14})$/
const numberText = /^-?(0|[1-9]\d{0,20})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/

/** Turns the text of parameters into the numbers and booleans their schemas ask for; what does not read as one stays text, and fails. */
function readerFor (schema: ParameterSchema, components: Record<string, ParameterSchema>): (parameters: Record<string, unknown>) => void {
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
function unreadable (parameters: Record<string, unknown>): Pick<ErrorObject, 'keyword' | 'instancePath' | 'message'>[] | null {
  let faults: Pick<ErrorObject, 'keyword' | 'instancePath' | 'message'>[] | null = null
  for (const name in parameters) {
    const given = parameters[name]
    const message = Array.isArray(given) ? 'must be given only once' : unstorable(given)?.detail
    if (message !== undefined) (faults ??= []).push({ keyword: 'readable', instancePath: `/${escapePointer(name)}`, message })
  }
  return faults
}
