import type { FastifyInstance } from 'fastify'
import { problem } from '../../contract/problems.ts'
import { largestYaml } from '../../domain/lab-file/read-yaml.ts'
import { decodeUtf8, readJson } from '../../plugins/body-parsers.ts'
import { readYamlInThread } from './read-yaml-in-thread.ts'
import { yamlToJson } from './yaml-to-json.ts'

/** The media types of YAML. */
export const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml'] as const

/** In characters. The lab files of real labs are smaller. Reading them takes milliseconds, and starting a thread takes longer. */
const smallYaml = 16_384

/** Lets the routes of this plugin accept YAML bodies in addition to JSON. */
export function takeYaml (app: FastifyInstance): void {
  app.addContentTypeParser([...yamlTypes], { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    if (body.length > largestYaml) {
      throw problem('body-too-large', `A lab file in YAML can have at most ${largestYaml} bytes. Send a larger one as JSON.`, { limit: largestYaml })
    }
    return await parseYaml(decodeUtf8(body))
  })
  app.addContentTypeParser('*', async () => {
    throw problem('unsupported-media-type', 'Send the lab file as application/yaml or application/json.', { supported: ['application/json', ...yamlTypes] })
  })
}

/** Reads YAML as a JSON body, so that both have the same limits. */
async function parseYaml (text: string): Promise<unknown> {
  const answer = text.length <= smallYaml ? yamlToJson(text) : await readYamlInThread(text)
  if ('json' in answer) return readJson(Buffer.from(answer.json))
  const { detail, line, column } = answer
  throw problem('malformed-body', `The body is not valid YAML: ${detail}.`, { line, column })
}
