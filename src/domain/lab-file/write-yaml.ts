import { Document } from 'yaml'
import { words } from './read-yaml.ts'

/** Writes a value as YAML. This service and YAML 1.1 parsers, which the labs use, read the same value back. */
export function writeYaml (value: unknown): string {
  const document = new Document(value, { schema: 'core', customTags: (tags) => [...tags, words], compat: 'yaml-1.1', aliasDuplicateObjects: false })
  return document.toString({ lineWidth: 0 })
}
