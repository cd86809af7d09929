// Checks the import with databases that the real Platform Status DB writes now, as SQLite files and in PostgreSQL: their import must report what the
// import of the committed ones reports. Skipped where Python or the package is missing.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import pg from 'pg'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import type { ImportReport } from '../../src/import/report.ts'
import { projectRoot } from '../../src/project-root.ts'
import { runChecks } from '../support/checks.ts'
import { warningsOnly } from '../support/log.ts'
import { environment, findPython, noPython } from '../support/python.ts'
import { run } from '../support/run.ts'

const fixtures = join(projectRoot, 'test', 'fixtures', 'platform-status-db')
/** What PostgreSQL refused the old system already. */
const onlyInSqlite = new Set(['barcode-too-long'])
/** They count containers, and the one that PostgreSQL refused is missing there. */
const countsContainers = new Set(['constant-labware-uuid', 'labware-type-unknown'])

type Summary = Pick<ImportReport, 'counts' | 'on_platform' | 'moves' | 'first_start' | 'last_finish'> & { conflicts: [kind: string, count: number][] }

if (findPython() === null) console.log(`skipped: import: ${noPython}`)
else {
  const folder = await environment('import', ['test/fixtures/platform-status-db/requirements.txt'])
  if (folder === null) console.log('skipped: import: Platform Status DB cannot be installed here')
  else await check(join(folder, 'bin', 'python'))
}

async function check (python: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'platform-status-'))
  // the database belongs to another user when this one is root
  chmodSync(work, 0o755)
  const server = await startEmbedded({ dataDir: join(work, 'old'), log: warningsOnly, settings: { fsync: 'off' } })

  const make = (kind: string, database: string): Promise<string> => run(python, ['-B', join(fixtures, 'make.py'), kind, database], { seconds: 120 })

  async function imported (from: string, target: string, ...options: string[]): Promise<ImportReport> {
    const said = await run(process.execPath, [join(projectRoot, 'tools', 'launch', 'import.mjs'), '--from', from, '--json', ...options], { env: { DATABASE_URL: target } })
    return JSON.parse(said.slice(said.indexOf('{\n'))) as ImportReport
  }

  async function newDatabase (name: string): Promise<string> {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    await client.query(`CREATE DATABASE ${name}`)
    await client.end()
    return Object.assign(new URL(server.url), { pathname: `/${name}` }).href
  }

  /** Imports a database: as a dry run, for real, and a second time. Returns what the import reported. */
  async function reported (from: string, name: string): Promise<Summary> {
    const target = await newDatabase(`target_${name}`)
    const dry = summaryOf(await imported(from, target, '--dry-run'))
    const done = summaryOf(await imported(from, target))
    same(done, dry, 'the import did not do what the dry run reported')
    const { counts } = await imported(from, target)
    const added = Object.entries(counts).filter(([, { added }]) => added > 0).map(([kind]) => kind).filter((kind) => kind !== 'certificates')
    if (added.length > 0) throw new Error(`imported again, it added ${added.join(', ')}`)
    return done
  }

  function committed (kind: string): string {
    const file = join(work, `committed-${kind}.sqlite3`)
    writeFileSync(file, gunzipSync(readFileSync(join(fixtures, `${kind}.sqlite3.gz`))))
    return file
  }

  try {
    await runChecks({
      'import of an orderly lab\'s SQLite file': async () => {
        const file = join(work, 'lab.sqlite3')
        await make('lab', file)
        same(await reported(file, 'lab'), await reported(committed('lab'), 'lab_committed'), 'the committed database gives something else')
        return undefined
      },
      'import of a SQLite file with everything that has to be settled': async () => {
        const file = join(work, 'conflicts.sqlite3')
        await make('conflicts', file)
        same(await reported(file, 'conflicts'), await reported(committed('conflicts'), 'conflicts_committed'), 'the committed database gives something else')
        return undefined
      },
      'import of a PostgreSQL with everything that has to be settled': async () => {
        const url = await newDatabase('old_conflicts')
        await make('conflicts', url)
        const kinds = ({ conflicts }: Summary): Summary['conflicts'] => conflicts.filter(([kind]) => !onlyInSqlite.has(kind) && !countsContainers.has(kind))
        same(kinds(await reported(url, 'postgres')), kinds(await reported(committed('conflicts'), 'postgres_committed')), 'PostgreSQL gives something else than SQLite')
        return undefined
      }
    })
  } finally {
    await server.stop()
    for (const folder of new Set([work, server.directory])) rmSync(folder, { recursive: true, force: true })
  }
}

function summaryOf ({ counts, on_platform, moves, first_start, last_finish, conflicts }: ImportReport): Summary {
  return { counts, on_platform, moves, first_start, last_finish, conflicts: conflicts.map(({ kind, count }) => [kind, count]) }
}

function same (found: unknown, wanted: unknown, why: string): void {
  if (!isDeepStrictEqual(found, wanted)) throw new Error(`${why}:\n${JSON.stringify(found)}\n${JSON.stringify(wanted)}`)
}
