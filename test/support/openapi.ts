import { readFileSync } from 'node:fs'
import { openapiText } from '../../src/process/openapi-text.ts'

/** The document as the routes make it now. */
export async function theDocument (): Promise<any> {
  return JSON.parse(await openapiText())
}

/** The document as it is committed. */
export function committedText (): string {
  return readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
}
