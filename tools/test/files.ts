import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'

/** The compiled test files of these files and folders, or of all tests when none are given. Paths are relative to the project. */
export function compiledTests (given: readonly string[]): string[] {
  const sources = (given.length === 0 ? [join(projectRoot, 'test')] : given).flatMap(testsIn)
  if (sources.length === 0) throw new Error(`There are no tests in ${given.join(', ')}.`)
  return sources.map((source) => join('dist', relative(projectRoot, source).replace(/\.ts$/, '.js')))
}

function testsIn (name: string): string[] {
  const path = resolve(name)
  if (!existsSync(path)) throw new Error(`There is no ${name}.`)
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts')).sort().map((file) => join(path, file))
}
