import { readFileSync } from 'node:fs'
import { openapiText } from '../../src/process/openapi-text.ts'

/** The OpenAPI document of the current routes. */
export async function theDocument (): Promise<any> {
  return JSON.parse(await openapiText())
}

/** The committed OpenAPI document. */
export function committedText (): string {
  return readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
}
