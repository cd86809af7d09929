// Coverage of src/ as V8 counts it in every process of the tests, told by c8 in lines of the TypeScript.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Report } from 'c8'

/** Percent that the whole suite must reach, generated code aside. */
const floor = { lines: 95, branches: 95 }

/** Prints the table; whether the floor is reached. `directory` is what was given to the tests as NODE_V8_COVERAGE. */
export async function coverageReached (root, directory) {
  keepOurs(directory, pathToFileURL(join(root, 'dist')).href)
  const report = new Report({
    tempDirectory: directory, reportsDirectory: join(root, '.tap', 'report'), reporter: ['text', 'json-summary'],
    resolve: root, src: [join(root, 'dist')], include: ['dist/**'], exclude: ['dist/store/generated/**'], extension: ['.js'], all: true
  })
  await report.run()
  const total = (await report.getCoverageMapFromAllCoverageFiles()).getCoverageSummary()
  const missing = Object.keys(floor).filter((kind) => total[kind].pct < floor[kind])
  for (const kind of missing) process.stdout.write(`coverage of ${kind} is ${total[kind].pct} %, below ${floor[kind]} %\n`)
  return missing.length === 0
}

/** A process counts all that it loads; what is not of dist/ is most of it, and would be read for nothing. */
function keepOurs (directory, dist) {
  const isOurs = (url) => url.startsWith(`${dist}/`) && !url.startsWith(`${dist}/store/generated/`)
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    let counted
    try {
      counted = JSON.parse(readFileSync(path, 'utf8'))
    } catch {
      // of a process that was killed while it wrote
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
