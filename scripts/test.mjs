// The test command: brings a PostgreSQL of its own (or takes TEST_DATABASE_URL), makes the template that each test clones,
// runs the files of test/, several in a process, and ends with `N passed, N failed` alone on a line. The files are written
// with tap; they are run compiled and without tap's runner, whose loaders took most of the time (CONTRIBUTING.md).
// `npm test -- test/routes/moves.test.ts test/domain` runs these only; `--jobs 1` one at a time.
import './ensure-built.mjs'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compiledOf, compileTests } from './testing/compile.mjs'
import { coverageReached } from './testing/coverage.mjs'
import { makeTemplate, sql, throwAwayServer } from './testing/database.mjs'
import { longestSeconds, testProcess } from './testing/test-process.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** What takes longest begins first, so that no long file runs alone at the end. */
const longest = ['workflows/replay', 'estimation/real-history', 'contract/fuzz', 'process/life', 'embedded/postgres', 'workflows/concurrency']
  .map((name) => join(root, 'test', `${name}.test.ts`))

/** So many files share a process: enough that loading the service counts little, few enough that none is left to one job at the end. */
const filesEach = 10

const jobs = { type: 'string', default: String(Math.max(2, availableParallelism())) }
const { values, positionals } = parseArgs({ allowPositionals: true, options: { jobs } })
const files = testFiles(positionals)
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort())
// who reads along may leave (`npm test | head`); the database is stopped all the same
process.stdout.on('error', () => interrupted.abort())
const coverage = positionals.length === 0 ? mkdtempSync(join(tmpdir(), 'platform-status-coverage-')) : undefined
// processes that tests start as another user count too
if (coverage) chmodSync(coverage, 0o777)
try {
  compileTests()
  const settings = { ...process.env, TAP_TIMEOUT: String(longestSeconds * filesEach), ...(coverage ? { NODE_V8_COVERAGE: coverage } : {}) }
  const totals = await onAServer((env) => runAll({ ...settings, ...env }))
  if (coverage && !interrupted.signal.aborted && !await coverageReached(root, coverage)) totals.failed += 1
  process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`)
  process.exitCode = totals.failed === 0 ? 0 : 1
} finally {
  if (coverage) rmSync(coverage, { recursive: true, force: true })
}

function testFiles (given) {
  const found = (given.length === 0 ? ['test'] : given).flatMap((name) => {
    const path = resolve(name)
    if (!existsSync(path)) throw new Error(`There is no ${name}.`)
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts')).sort().map((file) => join(path, file))
  })
  if (found.length === 0) throw new Error(`There are no tests in ${given.join(', ')}.`)
  return [...longest.filter((file) => found.includes(file)), ...found.filter((file) => !longest.includes(file))]
}

async function onAServer (work) {
  const server = process.env.TEST_DATABASE_URL ? { url: process.env.TEST_DATABASE_URL, stop: async () => {} } : await throwAwayServer()
  try {
    const template = await makeTemplate(server.url)
    try {
      return await work({ TEST_DATABASE_URL: server.url, TEST_DATABASE_TEMPLATE: template })
    } finally {
      await sql(server.url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`)
    }
  } finally {
    await server.stop()
  }
}

/** Runs the files, as many at a time as there are jobs; the sums of their assertions. */
async function runAll (env) {
  const totals = { passed: 0, failed: 0 }
  const left = [...files]
  function add ({ passed, failed, report }, what) {
    totals.passed += passed
    totals.failed += failed
    if (what) process.stdout.write(`${failed === 0 ? 'ok    ' : 'FAILED'} ${what(passed, failed)}\n`)
    if (report !== '') process.stdout.write(`${report}\n`)
  }
  async function work () {
    while (left.length > 0 && !interrupted.signal.aborted) {
      const tests = testProcess({ cwd: root, env, signal: interrupted.signal })
      for (let taken = 0; taken < filesEach && left.length > 0 && !tests.ended && !interrupted.signal.aborted; taken++) {
        const file = left.shift()
        const began = Date.now()
        add(await tests.run(compiledOf(file)), (passed, failed) => {
          return `${file.slice(root.length)} (${passed} passed${failed === 0 ? '' : `, ${failed} failed`}, ${((Date.now() - began) / 1000).toFixed(1)} s)`
        })
      }
      add(await tests.close())
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work))
  if (interrupted.signal.aborted) totals.failed += 1
  return totals
}
