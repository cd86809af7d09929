import { readFileSync } from 'node:fs'
import { openapiText } from '../../src/process/openapi-text.ts'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'

/** The OpenAPI document of the current routes. */
export async function theDocument (): Promise<any> {
  return JSON.parse(await openapiText())
}

/** The committed OpenAPI document. */
export function committedText (): string {
  return readFileSync(join(projectRoot, 'openapi', 'openapi.json'), 'utf8')
}
