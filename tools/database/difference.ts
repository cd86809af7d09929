// The difference between what the migrations make and what prisma/sql says, and the migration that removes it.
import pg from 'pg'
import { migrate } from '../../src/store/migrate.ts'
import { keyOf, readCatalogue, type Thing, withClient } from './catalogue.ts'
import { withDatabase } from './databases.ts'
import { dropsOf, readDependents, withDependents } from './dependents.ts'
import { applyAndNote, applyInOrder, readSqlFiles, type SqlFile } from './sql-files.ts'

/** Keys of things, as `function lock_lab()`. `added`: only prisma/sql has them. `removed`: only the migrations have them. */
type Compared = { added: string[], changed: string[], removed: string[] }

/**
 * `files` are all files of prisma/sql, in an order in which they can be applied. `migration` has the statements that make the migrated schema equal to
 * prisma/sql; it is empty without a difference.
 */
export type Difference = Compared & { files: readonly SqlFile[], migration: string }

type Options = { server: string, template?: string | undefined, migrations: string, sql: string }

/** Compares the two directories, on databases of this server. In `template`, if there is one, the first migrations are already applied. */
export async function readDifference ({ server, template, migrations, sql }: Options): Promise<Difference> {
  return await withDatabase(server, template, async (url) => {
    await migrateAll(url, migrations)
    return await withClient(url, async (client) => {
      const before = await readCatalogue(client)
      const { files, things: after } = await undone(client, async () => {
        await dropWhatFilesDefine(client, before)
        return await applyAndNote(client, await readSqlFiles(sql))
      })
      refuseTables(before, after)
      const difference = { ...compared(before, after), files }
      if (difference.added.length + difference.changed.length + difference.removed.length === 0) return { ...difference, migration: '' }
      const migration = await writeMigration(client, difference)
      const left = await undone(client, async () => {
        await client.query(migration)
        return compared(await readCatalogue(client), after)
      })
      if (Object.values(left).flat().length > 0) throw new Error(`The migration would leave a difference. This is a fault of this tool: ${JSON.stringify(left)}`)
      return { ...difference, migration }
    })
  })
}

/** Runs `work` in a transaction and rolls it back. So the next attempt finds the migrated schema, and no other database is needed. */
async function undone<T> (client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    return await work()
  } finally {
    await client.query('ROLLBACK')
  }
}

async function migrateAll (url: string, directory: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url })
  try {
    await migrate(pool, directory)
  } finally {
    await pool.end()
  }
}

/** What depends on a thing is dropped with it, so this must be undone. */
async function dropWhatFilesDefine (client: pg.ClientBase, things: readonly Thing[]): Promise<void> {
  for (const { kind, id } of things.filter((thing) => thing.fromFile)) await client.query(`DROP ${kind.toUpperCase()} IF EXISTS ${id} CASCADE`)
}

/** Things that tables depend on are not in prisma/sql, so nothing of the tables may differ. */
function refuseTables (before: readonly Thing[], after: readonly Thing[]): void {
  const { added, changed, removed } = compared(before, after, false)
  const differing = [...added, ...changed, ...removed]
  if (differing.length > 0) {
    throw new Error(`prisma/sql changes what belongs to the migrations: ${differing.join(', ')}. A table, a type, and a function that stored columns use are changed by a migration that is written by hand.`)
  }
}

function compared (before: readonly Thing[], after: readonly Thing[], fromFile = true): Compared {
  const byKey = (things: readonly Thing[]) => new Map(things.filter((thing) => thing.fromFile === fromFile).map((thing) => [keyOf(thing), thing.definition]))
  const was = byKey(before)
  const is = byKey(after)
  return {
    added: [...is.keys()].filter((key) => !was.has(key)),
    changed: [...is.keys()].filter((key) => was.has(key) && was.get(key) !== is.get(key)),
    removed: [...was.keys()].filter((key) => !is.has(key))
  }
}

// SQLSTATEs of CREATE OR REPLACE: another result or other argument names of a function, other columns of a view
const needsDrop = ['42P13', '42P16']

/**
 * Tries the statements to find what must be dropped first: what prisma/sql no longer has, what CREATE OR REPLACE refuses, and all
 * that depends on these.
 */
async function writeMigration (client: pg.ClientBase, { added, changed, removed, files }: Compared & { files: readonly SqlFile[] }): Promise<string> {
  const dependents = await readDependents(client)
  const dropped = new Set(removed)
  for (;;) {
    const drops = withDependents(dropped, dependents)
    const created = new Set([...added, ...changed, ...drops])
    const touched = files.filter((file) => file.things.some((key) => created.has(key)))
    try {
      return await undone(client, async () => {
        for (const statement of dropsOf(drops)) await client.query(statement)
        const order = await applyInOrder(client, touched, (error, file) => {
          if (!(error instanceof pg.DatabaseError) || !needsDrop.includes(error.code ?? '')) return
          for (const key of file.things.filter((key) => changed.includes(key) && !drops.includes(key))) dropped.add(key)
          throw new MustDrop()
        })
        return migrationText(dropsOf(drops), order)
      })
    } catch (error) {
      if (!(error instanceof MustDrop)) throw error
    }
  }
}

class MustDrop extends Error {}

function migrationText (drops: readonly string[], files: readonly SqlFile[]): string {
  return [
    '-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.\n',
    ...(drops.length > 0 ? [`${drops.map((statement) => `${statement};`).join('\n')}\n`] : []),
    ...files.map(({ path, text }) => `-- prisma/sql/${path}\n${text.trimEnd()}\n`)
  ].join('\n')
}
