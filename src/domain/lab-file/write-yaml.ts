import { Document } from 'yaml'
import { yaml11Booleans } from './read-yaml.ts'

// Whole numbers beyond 2^53 are written with all their digits.
const inFullReplacer = (_key: unknown, value: unknown): unknown =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value

/** Writes a value as YAML. This service and YAML 1.1 parsers, which the labs use, read the same value back. */
export function writeYaml (value: unknown): string {
  const document = new Document(value, inFullReplacer, { schema: 'core', customTags: (tags) => [...tags, yaml11Booleans], compat: 'yaml-1.1', aliasDuplicateObjects: false })
  return document.toString({ lineWidth: 0 })
}
