import { readFileSync } from 'node:fs'

/** The version of this code, as its package says. */
export function serviceVersion (): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}
