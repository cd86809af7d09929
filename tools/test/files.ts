import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'

/** The compiled test files of these files and folders, or of all tests when none are given. Paths are relative to the project. */
export function compiledTests (given: readonly string[]): string[] {
  const sources = (given.length === 0 ? [join(projectRoot, 'test')] : given).flatMap((name) => {
    const path = resolve(name)
    if (!existsSync(path)) throw new Error(`There is no ${name}.`)
    return statSync(path).isDirectory() ? testsIn(path) : [path]
  })
  if (sources.length === 0) throw new Error(`There are no tests in ${given.join(', ')}.`)
  return sources.map((source) => join('dist', relative(projectRoot, source).replace(/\.ts$/, '.js')))
}

/** The files that run a folder's tests: its `all.ts`, or each test; then those of its folders. */
function testsIn (folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  const own = names.includes('all.ts') ? ['all.ts'] : names.filter((name) => name.endsWith('.test.ts'))
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return [...own.map((name) => join(folder, name)), ...folders.flatMap((name) => testsIn(join(folder, name)))]
}
