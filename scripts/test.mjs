// The test command: brings a PostgreSQL of its own (or takes TEST_DATABASE_URL), makes the template that each test file
// clones, runs tap, and ends with `N passed, N failed` alone on a line. Arguments go to tap: `npm test -- test/a.test.ts`.
import './ensure-built.mjs'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

const root = fileURLToPath(new URL('..', import.meta.url))
const given = process.argv.slice(2)
const whole = given.length === 0
/** Percent that the whole suite must reach, generated code aside. */
const coverageFloor = { lines: 95, branches: 95 }

const { migrate } = await import('../dist/store/migrate.js')
const server = process.env.TEST_DATABASE_URL ? { url: process.env.TEST_DATABASE_URL, stop: async () => {} } : await throwAwayServer()
let code
try {
  const template = await makeTemplate(server.url)
  try {
    code = await runTap({ TEST_DATABASE_URL: server.url, TEST_DATABASE_TEMPLATE: template })
  } finally {
    await sql(server.url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`)
  }
} finally {
  await server.stop()
}
process.exitCode = code

async function throwAwayServer () {
  const { startEmbedded } = await import('../dist/embedded/postgres.js')
  const log = { info: () => {}, warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) }
  const dataDir = await mkdtemp(join(tmpdir(), 'platform-status-test-'))
  // nothing of it outlives the run, so nothing of it need survive a crash
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }
  const embedded = await startEmbedded({ dataDir, log, settings })
  return {
    url: embedded.url,
    stop: async () => {
      await embedded.stop()
      for (const directory of new Set([dataDir, embedded.directory])) rmSync(directory, { recursive: true, force: true })
    }
  }
}

async function makeTemplate (url) {
  const template = `template_${randomBytes(6).toString('hex')}`
  await sql(url, `CREATE DATABASE ${template}`)
  const ofTemplate = new URL(url)
  ofTemplate.pathname = `/${template}`
  const pool = new pg.Pool({ connectionString: ofTemplate.href })
  await migrate(pool, join(root, 'prisma', 'migrations'))
  await pool.end()
  return template
}

async function sql (url, text) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** Runs tap, and tells its counts of assertions and whether the coverage reaches the floor. */
async function runTap (env) {
  const coverage = whole ? ['--coverage-report=json-summary', '--coverage-report=text', '--show-full-coverage'] : ['--disable-coverage', '--allow-empty-coverage']
  const tap = join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs')
  const args = [tap, 'run', '--reporter=terse', '--jobs=2', ...coverage, ...given]
  let output = ''
  const status = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.on('data', (chunk) => {
      output += chunk
      process.stdout.write(chunk)
    })
    child.on('error', reject)
    child.on('close', (exit) => resolve(exit ?? 1))
  })
  const count = (name) => Number(new RegExp(`# \\{[^}]*\\b${name}: (\\d+)`).exec(output)?.[1] ?? 0)
  const covered = whole ? coverageReached() : true
  process.stdout.write(`\n${count('pass')} passed, ${count('fail') + (status !== 0 && count('fail') === 0 ? 1 : 0) + (covered ? 0 : 1)} failed\n`)
  return status !== 0 ? status : covered ? 0 : 1
}

function coverageReached () {
  const file = join(root, '.tap', 'report', 'coverage-summary.json')
  if (!existsSync(file)) return false
  const { total } = JSON.parse(readFileSync(file, 'utf8'))
  const missing = ['lines', 'branches'].filter((kind) => total[kind].pct < coverageFloor[kind])
  for (const kind of missing) process.stdout.write(`coverage of ${kind} is ${total[kind].pct} %, below ${coverageFloor[kind]} %\n`)
  return missing.length === 0
}
