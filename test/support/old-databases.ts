import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import type { ImportReport } from '../../src/import/report.ts'
import { aCommandLine } from './command-line.ts'
import { projectRoot } from '../../src/project-root.ts'

const fixtures = path.join(projectRoot, 'test', 'fixtures', 'platform-status-db')

/** A temporary directory, removed after the test. */
export async function aDirectory (t: Test): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'platform-status-old-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** The path of a database that the real package created; see test/fixtures/platform-status-db. */
export async function anOldDatabase (t: Test, name: 'lab' | 'conflicts'): Promise<string> {
  const file = path.join(await aDirectory(t), 'db.sqlite3')
  await writeFile(file, gunzipSync(await readFile(path.join(fixtures, `${name}.sqlite3.gz`))))
  return file
}

export type Ran = { code: number, out: string, err: string }

/** Runs the command `import` in this process. */
export async function runImport (args: readonly string[], env: Record<string, string>, signal = new AbortController().signal): Promise<Ran> {
  const { withSignal } = await aCommandLine(null, env)
  return await withSignal(signal, ['import', ...args])
}

/** Imports into the database at `url` and returns the report. Throws if the import fails. */
export async function imported (url: string, from: string, ...options: string[]): Promise<ImportReport> {
  const { code, out, err } = await runImport(['--from', from, '--json', ...options], { DATABASE_URL: url })
  if (code !== 0) throw new Error(`the import ended with ${code}: ${err}`)
  return JSON.parse(out) as ImportReport
}
