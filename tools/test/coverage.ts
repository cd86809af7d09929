// Coverage of src/ as V8 counts it in every process of the tests, also in those that tests start. c8 reports it in lines of the TypeScript.
// tap's own report would neither see the processes that tests start, nor the files that no test loads.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Report } from 'c8'
import { projectRoot } from '../../src/project-root.ts'

/** Percent that the whole suite must reach, generated code aside. */
const limits = { lines: 95, branches: 95 }

/** What V8 writes to the folder that NODE_V8_COVERAGE names, one file a process. */
type ProcessCoverage = { result: { url: string }[], 'source-map-cache'?: Record<string, unknown> }

/** Prints the coverage of each file. Returns whether the limits are reached. `directory` was given to the tests as NODE_V8_COVERAGE. */
export async function coverageReached (directory: string): Promise<boolean> {
  const compiled = join(projectRoot, 'dist', 'src')
  if (existsSync(directory)) keepOurs(directory, pathToFileURL(compiled).href)
  const reportsDirectory = join(projectRoot, '.tap', 'report')
  const report = new Report({
    tempDirectory: directory, reportsDirectory, reporter: ['text', 'json-summary'],
    resolve: projectRoot, src: [compiled], include: ['dist/src/**'], exclude: ['dist/src/store/generated/**'], extension: ['.js'], all: true
  })
  await report.run()
  const { total } = JSON.parse(readFileSync(join(reportsDirectory, 'coverage-summary.json'), 'utf8')) as { total: Record<'lines' | 'branches', { pct: number }> }
  const missed = (['lines', 'branches'] as const).filter((kind) => total[kind].pct < limits[kind])
  for (const kind of missed) process.stdout.write(`coverage of ${kind} is ${total[kind].pct} %, below ${limits[kind]} %\n`)
  return missed.length === 0
}

/** Removes what is not of dist/src/ from the files. It is most of their content, and c8 would read it for nothing. */
function keepOurs (directory: string, compiled: string): void {
  const isOurs = (url: string): boolean => url.startsWith(`${compiled}/`) && !url.startsWith(`${compiled}/store/generated/`)
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    let counted: ProcessCoverage
    try {
      counted = JSON.parse(readFileSync(path, 'utf8')) as ProcessCoverage
    } catch {
      // the process was killed while it wrote
      rmSync(path)
      continue
    }
    const maps = counted['source-map-cache'] ?? {}
    writeFileSync(path, JSON.stringify({
      result: counted.result.filter(({ url }) => isOurs(url)),
      'source-map-cache': Object.fromEntries(Object.entries(maps).filter(([url]) => isOurs(url)))
    }))
  }
}
