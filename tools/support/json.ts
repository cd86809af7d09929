import { writeFileSync } from 'node:fs'

/** Writes a value as indented JSON, if a file was given. */
export function writeJson (file: string | undefined, value: object): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
}
