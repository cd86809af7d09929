// `npm test`: starts a PostgreSQL of its own (or takes TEST_DATABASE_URL), prepares the database that each test copies, lets tap's
// command line run the compiled tests, and ends with `N passed, N failed` alone on a line.
// `npm test -- test/routes/moves.test.ts test/domain` runs these only. `--thorough`, as in CI, repeats more and checks the coverage. `--jobs 1` runs one process at a time. `--partitioned` divides
// the history of each test's database into partitions.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { coverageReached } from './coverage.ts'
import { createTemplate, dropTemplate, type Server, startThrowAwayServer } from './database.ts'
import { compiledTests } from './files.ts'
import type { Totals } from './results.ts'
import { runTap } from './tap.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    // one more than there are cores, because many tests wait
    jobs: { type: 'string', default: String(1 + Math.max(2, availableParallelism())) },
    partitioned: { type: 'boolean', default: false },
    thorough: { type: 'boolean', default: false }
  }
})
const files = compiledTests(positionals)
const countsCoverage = values.thorough && positionals.length === 0

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort())
// the reader may leave, as in `npm test | head`; the database must be stopped all the same
process.stdout.on('error', () => interrupted.abort())

const work = mkdtempSync(join(tmpdir(), 'platform-status-tests-'))
const coverage = join(work, 'coverage')
// processes that the tests start as another user write their coverage, too
chmodSync(work, 0o755)
mkdirSync(coverage)
chmodSync(coverage, 0o777)
try {
  const totals = await onAServer(async (env) => await runTap(files, {
    jobs: Number(values.jobs), signal: interrupted.signal, env: { ...env, ...values.thorough ? { TEST_THOROUGH: 'yes' } : {}, ...countsCoverage ? { NODE_V8_COVERAGE: coverage } : {} }
  }))
  if (interrupted.signal.aborted) totals.failed += 1
  else if (countsCoverage && !await coverageReached(coverage)) totals.failed += 1
  process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`)
  process.exitCode = totals.failed === 0 ? 0 : 1
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** Runs with a server and a template on it, in variables for the tests. After a failure, says what was unusual about the server. */
async function onAServer (run: (env: Record<string, string>) => Promise<Totals>): Promise<Totals> {
  const { TEST_DATABASE_URL: given } = process.env
  const server: Server = given ? { url: given, unusual: () => [], stop: async () => {} } : await startThrowAwayServer()
  try {
    const template = await createTemplate(server.url, values)
    try {
      const totals = await run({ TEST_DATABASE_URL: server.url, TEST_DATABASE_TEMPLATE: template })
      const unusual = totals.failed === 0 ? [] : server.unusual()
      if (unusual.length > 0) process.stdout.write(`\nWhat the log of PostgreSQL says of the server, its last lines:\n${unusual.slice(-60).join('\n')}\n`)
      return totals
    } finally {
      await dropTemplate(server.url, template)
    }
  } finally {
    await server.stop()
  }
}
