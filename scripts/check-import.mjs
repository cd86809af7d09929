// Checks the import on databases that the real Platform Status DB writes here and now, as SQLite files and in PostgreSQL:
// they must give what the committed ones give. Skipped where Python or the package is missing.
import './ensure-built.mjs'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import pg from 'pg'
import { environment, findPython, noPython } from './support/python.mjs'
import { root, run, runChecks } from './support/run.mjs'

const fixtures = join(root, 'test', 'fixtures', 'platform-status-db')
/** What PostgreSQL refused the old system already. */
const onlyInSqlite = new Set(['barcode-too-long'])

if (findPython() === null) console.log(`skipped: import: ${noPython}`)
else {
  const folder = await environment('import', ['test/fixtures/platform-status-db/requirements.txt'])
  if (folder === null) console.log('skipped: import: Platform Status DB cannot be installed here')
  else await check(join(folder, 'bin', 'python'))
}

async function check (python) {
  const work = mkdtempSync(join(tmpdir(), 'platform-status-'))
  // the database belongs to another user when this one is root
  chmodSync(work, 0o755)
  const { startEmbedded } = await import('../dist/embedded/postgres.js')
  const server = await startEmbedded({ dataDir: join(work, 'old'), log: { info () {}, warn () {} }, settings: { fsync: 'off' } })

  const make = (kind, database) => run(python, ['-B', join(fixtures, 'make.py'), kind, database], { seconds: 120 })

  async function imported (from, target, ...options) {
    const said = await run(process.execPath, [join(root, 'scripts', 'import.mjs'), '--from', from, '--json', ...options], { env: { DATABASE_URL: target } })
    return JSON.parse(said.slice(said.indexOf('{\n')))
  }

  async function newDatabase (name) {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    await client.query(`CREATE DATABASE ${name}`)
    await client.end()
    return Object.assign(new URL(server.url), { pathname: `/${name}` }).href
  }

  /** What an import of a database tells: dry, done, and done again. */
  async function told (from, name) {
    const target = await newDatabase(`target_${name}`)
    const dry = summary(await imported(from, target, '--dry-run'))
    const done = summary(await imported(from, target))
    same(done, dry, 'the import did not do what the dry run told')
    const { counts } = await imported(from, target)
    const added = Object.entries(counts).filter(([, { added }]) => added > 0).map(([kind]) => kind).filter((kind) => kind !== 'certificates')
    if (added.length > 0) throw new Error(`imported again, it added ${added.join(', ')}`)
    return done
  }

  function committed (kind) {
    const file = join(work, `committed-${kind}.sqlite3`)
    writeFileSync(file, gunzipSync(readFileSync(join(fixtures, `${kind}.sqlite3.gz`))))
    return file
  }

  try {
    await runChecks({
      'import of an orderly lab\'s SQLite file': async () => {
        const file = join(work, 'lab.sqlite3')
        await make('lab', file)
        same(await told(file, 'lab'), await told(committed('lab'), 'lab_committed'), 'the committed database gives something else')
      },
      'import of a SQLite file with everything that has to be settled': async () => {
        const file = join(work, 'conflicts.sqlite3')
        await make('conflicts', file)
        same(await told(file, 'conflicts'), await told(committed('conflicts'), 'conflicts_committed'), 'the committed database gives something else')
      },
      'import of a PostgreSQL with everything that has to be settled': async () => {
        const url = await newDatabase('old_conflicts')
        await make('conflicts', url)
        const kinds = ({ conflicts }) => conflicts.filter(([kind]) => !onlyInSqlite.has(kind) && kind !== 'constant-labware-uuid')
        same(kinds(await told(url, 'postgres')), kinds(await told(committed('conflicts'), 'postgres_committed')), 'PostgreSQL gives something else than SQLite')
      }
    })
  } finally {
    await server.stop()
    for (const folder of new Set([work, server.directory])) rmSync(folder, { recursive: true, force: true })
  }
}

function summary ({ counts, on_platform, moves, first_start, last_finish, conflicts }) {
  return { counts, on_platform, moves, first_start, last_finish, conflicts: conflicts.map(({ kind, count }) => [kind, count]) }
}

function same (found, wanted, why) {
  if (!isDeepStrictEqual(found, wanted)) throw new Error(`${why}:\n${JSON.stringify(found)}\n${JSON.stringify(wanted)}`)
}
