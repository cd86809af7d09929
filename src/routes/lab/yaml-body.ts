import type { FastifyInstance } from 'fastify'
import { problem } from '../../contract/problems.ts'
import { maxYamlLength, YamlError } from '../../domain/lab-file/read-yaml.ts'
import { decodeUtf8 } from '../../plugins/body-parsers.ts'
import { yamlReader, type YamlReader, YamlTooCostly } from './yaml-reader.ts'

/** The media types of YAML. */
export const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml'] as const

/** Lets the routes of this plugin accept YAML bodies in addition to JSON. */
export function takeYaml (app: FastifyInstance): void {
  const reader = yamlReader()
  app.addHook('onClose', () => reader.close())
  app.addContentTypeParser([...yamlTypes], { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    if (body.length > maxYamlLength) {
      throw problem('body-too-large', `A lab file in YAML can have at most ${maxYamlLength} bytes. Send a larger one as JSON.`, { limit: maxYamlLength })
    }
    return await parseYaml(reader, decodeUtf8(body))
  })
  app.addContentTypeParser('*', async () => {
    throw problem('unsupported-media-type', 'Send the lab file as application/yaml or application/json.', { supported: ['application/json', ...yamlTypes] })
  })
}

async function parseYaml (reader: YamlReader, text: string): Promise<unknown> {
  try {
    return await reader.read(text)
  } catch (error) {
    if (error instanceof YamlTooCostly) throw problem('body-too-large', `The lab file cannot be parsed as YAML: ${error.message}. Send it as JSON.`)
    if (!(error instanceof YamlError)) throw error
    const { message, line, column } = error
    throw problem('malformed-body', `The body is not valid YAML: ${message}.`, { line, column })
  }
}
