import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'

const all = join(projectRoot, 'test')
/** Each file in it is a process of `npm test`; together they run all tests. */
const jobs = join(all, 'jobs')

/** The compiled test files of these files and folders, or of all tests when none are given. Paths are relative to the project. */
export function compiledTests (given: readonly string[]): string[] {
  const sources = (given.length === 0 ? [all] : given).flatMap((name) => {
    const path = resolve(name)
    if (!existsSync(path)) throw new Error(`There is no ${name}.`)
    return statSync(path).isDirectory() ? testsIn(path) : [path]
  })
  if (sources.length === 0) throw new Error(`There are no tests in ${given.join(', ')}.`)
  return sources.map((source) => join('dist', relative(projectRoot, source).replace(/\.ts$/, '.js')))
}

/** The files that run a folder's tests: its `all.ts`, or each test; then those of its folders. All tests are run by test/jobs/. */
function testsIn (folder: string): string[] {
  if (folder === all) return testsIn(jobs)
  const entries = readdirSync(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  const own = names.includes('all.ts') ? ['all.ts'] : names.filter((name) => name.endsWith('.test.ts') || folder === jobs)
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return [...own.map((name) => join(folder, name)), ...folders.flatMap((name) => testsIn(join(folder, name)))]
}
