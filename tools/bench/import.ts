// npm run bench:import [-- --steps 100000] [--json file]: how long the import of a Platform Status DB takes, the first time and again.
// The source is the database that the real package wrote for the tests, its steps and moves repeated to earlier days.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import sqlite from 'node-sqlite3-wasm'
import type { ImportReport } from '../../src/import/report.ts'
import { projectRoot } from '../../src/project-root.ts'
import { writeJson } from '../support/json.ts'
import { run } from '../support/run.ts'

const { values } = parseArgs({ options: { steps: { type: 'string', default: '100000' }, json: { type: 'string' } } })
const work = mkdtempSync(join(tmpdir(), 'platform-status-import-'))
try {
  const source = join(work, 'db.sqlite3')
  writeFileSync(source, gunzipSync(readFileSync(join(projectRoot, 'test', 'fixtures', 'platform-status-db', 'lab.sqlite3.gz'))))
  repeatSteps(source, Number(values.steps))
  // the first import creates the embedded database, the second finds it
  const [first, again] = [await imported(source), await imported(source)]
  const result = { taken_at: new Date().toISOString(), node: process.version, steps: Number(values.steps), first, again }
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  writeJson(values.json, result)
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** Copies the steps until there are this many. Each copy is an hour before the one after it. */
function repeatSteps (file: string, wanted: number): void {
  const database = new sqlite.Database(file)
  const { count, last } = database.get('SELECT count(*) AS count, max(id) AS last FROM job_logs_processstep') as { count: number, last: number }
  const copies = Math.ceil(wanted / count) - 1
  const copy = `WITH RECURSIVE copy (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < ${copies})`
  const earlier = (column: string): string => `strftime('%Y-%m-%d %H:%M:%f', ${column}, '-' || n || ' hours')`
  const columns = (table: string): string[] => (database.all(`PRAGMA table_info(${table})`) as { name: string }[]).map(({ name }) => name)
  for (const [table, key] of [['job_logs_processstep', 'id'], ['job_logs_movestep', 'processstep_ptr_id']] as const) {
    const taken = columns(table).map((name) => name === key ? `${key} + n * ${last}` : ['start', 'finish'].includes(name) ? earlier(name) : name)
    database.exec(`${copy} INSERT INTO ${table} (${columns(table).join(', ')}) SELECT ${taken.join(', ')} FROM ${table}, copy ORDER BY n DESC`)
  }
  const { over } = database.get('SELECT count(*) - ? AS over FROM job_logs_processstep', [wanted]) as { over: number }
  database.exec(`
    CREATE TEMP TABLE surplus AS SELECT id FROM job_logs_processstep ORDER BY id DESC LIMIT ${over};
    DELETE FROM job_logs_movestep WHERE processstep_ptr_id IN (SELECT id FROM surplus);
    DELETE FROM job_logs_processstep WHERE id IN (SELECT id FROM surplus)`)
  database.close()
}

async function imported (source: string): Promise<{ seconds: number, counts: ImportReport['counts'] }> {
  const began = performance.now()
  const said = await run(process.execPath, [join(projectRoot, 'tools', 'launch', 'import.mjs'), '--from', source, '--json'], { env: { DATA_DIR: join(work, 'data') }, seconds: 600 })
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1))
  const { counts } = JSON.parse(said.slice(said.indexOf('{\n'))) as ImportReport
  return { seconds, counts }
}
