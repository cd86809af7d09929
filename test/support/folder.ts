import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Loads all tests of a folder, one file after the other. Loading the service takes longer than most files run, so the tests of a folder run in one
 * process, and those of small folders share one (test/jobs/).
 */
export async function loadTestsIn (folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.test.js')).sort()) await import(pathToFileURL(join(folder, name)).href)
}
