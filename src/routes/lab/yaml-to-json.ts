import { readYaml, YamlError } from '../../domain/lab-file/read-yaml.ts'

/** The JSON text of a YAML text, or its first fault. */
export type YamlAnswer = { json: string } | { detail: string, line: number, column: number }

export function yamlToJson (text: string): YamlAnswer {
  try {
    return { json: JSON.stringify(readYaml(text)) }
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    return { detail: error.message, line: error.line, column: error.column }
  }
}
