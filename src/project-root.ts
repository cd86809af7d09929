import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder of package.json, with prisma/, examples/ and openapi/ in it: found from src/ and from dist/src/ alike. */
export const projectRoot = findProjectRoot(import.meta.dirname)

function findProjectRoot (directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory
  const parent = dirname(directory)
  if (parent === directory) throw new Error(`There is no package.json above ${import.meta.dirname}.`)
  return findProjectRoot(parent)
}
