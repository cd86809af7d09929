import { Document } from 'yaml'
import { words } from './read-yaml.ts'

/** A value as YAML that reads back the same, here and with the YAML 1.1 of the labs' own software. */
export function writeYaml (value: unknown): string {
  const document = new Document(value, { schema: 'core', customTags: (tags) => [...tags, words], compat: 'yaml-1.1', aliasDuplicateObjects: false })
  return document.toString({ lineWidth: 0 })
}
