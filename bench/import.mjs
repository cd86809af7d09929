// npm run bench:import [-- --steps 100000] [--json file]: how long the import of a Platform Status DB takes, the first time and again.
// The source is the database that the real package wrote for the tests, its steps and moves repeated to earlier days.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import sqlite from 'node-sqlite3-wasm'
import { run } from '../scripts/support/run.mjs'

const { values } = parseArgs({ options: { steps: { type: 'string', default: '100000' }, json: { type: 'string' } } })
const root = fileURLToPath(new URL('..', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'platform-status-import-'))
try {
  const source = join(work, 'db.sqlite3')
  writeFileSync(source, gunzipSync(readFileSync(join(root, 'test', 'fixtures', 'platform-status-db', 'lab.sqlite3.gz'))))
  repeatSteps(source, Number(values.steps))
  const result = { taken_at: new Date().toISOString(), node: process.version, steps: Number(values.steps) }
  // the embedded database is made by the first, and found by the second
  Object.assign(result, { first: await imported(source), again: await imported(source) })
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  if (values.json) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** Up to this number of steps, each copy an hour before the one after it. */
function repeatSteps (file, wanted) {
  const database = new sqlite.Database(file)
  const { count, last } = database.get('SELECT count(*) AS count, max(id) AS last FROM job_logs_processstep')
  const copies = Math.ceil(wanted / count) - 1
  const copy = `WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < ${copies})`
  const earlier = (column) => `strftime('%Y-%m-%d %H:%M:%f', ${column}, '-' || n || ' hours')`
  const columns = (table) => database.all(`PRAGMA table_info(${table})`).map(({ name }) => name)
  for (const [table, key] of [['job_logs_processstep', 'id'], ['job_logs_movestep', 'processstep_ptr_id']]) {
    const taken = columns(table).map((name) => name === key ? `${key} + n * ${last}` : ['start', 'finish'].includes(name) ? earlier(name) : name)
    database.exec(`${copy} INSERT INTO ${table} (${columns(table).join(', ')}) SELECT ${taken.join(', ')} FROM ${table}, copy ORDER BY n DESC`)
  }
  const over = database.get('SELECT count(*) - ? AS steps FROM job_logs_processstep', [wanted]).steps
  database.exec(`
    CREATE TEMP TABLE surplus AS SELECT id FROM job_logs_processstep ORDER BY id DESC LIMIT ${over};
    DELETE FROM job_logs_movestep WHERE processstep_ptr_id IN (SELECT id FROM surplus);
    DELETE FROM job_logs_processstep WHERE id IN (SELECT id FROM surplus)`)
  database.close()
}

async function imported (source) {
  const began = performance.now()
  const said = await run(process.execPath, [join(root, 'scripts', 'import.mjs'), '--from', source, '--json'], { env: { DATA_DIR: join(work, 'data') }, seconds: 600 })
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1))
  const { counts } = JSON.parse(said.slice(said.indexOf('{\n')))
  return { seconds, counts }
}
