import { Ajv, type AnySchemaObject } from 'ajv'
import { composed, invisibleIn } from '../domain/plain-text.ts'
import { depthOf, isInstant, isMemberName, isPathName, isUuid, withoutLeapSecond } from '../domain/values.ts'
import { writtenBytes } from '../domain/written-size.ts'

/** A JSON Schema validator with the formats and keywords of the contract, and the given components. With `allErrors: false` it stops at the first fault. */
export function validatorFor (components: readonly object[], { allErrors = true }: { allErrors?: boolean } = {}): Ajv {
  // The schemas are not validated here: test/contract/openapi-rules.test.ts checks the whole document.
  const ajv = new Ajv({ allErrors, verbose: true, strict: false, useDefaults: false, coerceTypes: false, validateSchema: false, meta: false })
  // Without the prefix urn:uuid: that PostgreSQL does not take.
  ajv.addFormat('uuid', isUuid)
  ajv.addFormat('date-time', isInstant)
  ajv.addFormat('name', isVisible)
  ajv.addFormat('path-name', (text: string) => isPathName(text) && isMemberName(text) && isVisible(text))
  ajv.addFormat('member-name', (text: string) => isMemberName(text) && isVisible(text))
  // for generators of clients; no JSON has it
  ajv.addFormat('binary', true)
  ajv.addFormat('barcode', (text: string) => isPathName(text) && !isUuid(text) && isVisible(text))
  ajv.addKeyword({ keyword: 'x-normalize', type: 'string', error: { message: 'is too long in Unicode form NFC' }, validate: normalize })
  ajv.addKeyword({ keyword: 'x-max-levels', type: 'object', error: { message: 'is nested too deep' }, validate: (levels: number, data: object) => depthOf(data, levels) <= levels })
  ajv.addKeyword({ keyword: 'x-max-bytes', type: 'object', error: { message: 'is too large' }, validate: (bytes: number, data: object) => writtenBytes(data) <= bytes })
  for (const component of components) ajv.addSchema(component)
  return ajv
}

function isVisible (name: string): boolean {
  return invisibleIn(name) === null
}

/** Writes the normalized name or time into the body, or into the parameters. The other rules judge the text that was sent. A key (`propertyNames`) stays as it is: its parent has no such value. */
function normalize (
  form: unknown, text: string, schema: AnySchemaObject | undefined, place?: { parentData?: object, parentDataProperty?: string | number }
): boolean {
  const { parentData, parentDataProperty } = place ?? {}
  const name = form === 'NFC' ? composed(text) : isInstant(text) ? withoutLeapSecond(text) : text
  // A few characters become two.
  if (name.length > text.length && Array.from(name).length > (schema?.maxLength as number | undefined ?? Infinity)) return false
  if (name !== text && parentData !== undefined && parentDataProperty !== undefined) {
    const parent = parentData as Record<string | number, unknown>
    if (parent[parentDataProperty] === text) parent[parentDataProperty] = name
  }
  return true
}
