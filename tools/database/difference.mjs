// The difference between what the migrations make and what prisma/sql says, and the migration that removes it.
import { migrate } from '../../dist/src/store/migrate.js'
import pg from 'pg'
import { keyOf, readCatalogue, withClient } from './catalogue.mjs'
import { inTransaction, withDatabase } from './databases.mjs'
import { dropsOf, readDependents, withDependents } from './dependents.mjs'
import { applyAndNote, applyInOrder, readSqlFiles } from './sql-files.mjs'

/**
 * @typedef {object} Difference
 * @property {string[]} added things that only prisma/sql has, as `function lock_lab()`
 * @property {string[]} changed things that both have, but differently
 * @property {string[]} removed things that only the migrations have
 * @property {import('./sql-files.mjs').SqlFile[]} files all files of prisma/sql, in an order in which they can be applied
 * @property {string} migration the statements that make the first into the second; empty without a difference
 */

/**
 * @param {{ server: string, migrations: string, sql: string }} options a PostgreSQL server, and the two directories
 * @returns {Promise<Difference>}
 */
export async function readDifference ({ server, migrations, sql }) {
  return await withDatabase(server, undefined, async (migratedUrl, migrated) => {
    await migrateAll(migratedUrl, migrations)
    const before = await withClient(migratedUrl, readCatalogue)
    return await withDatabase(server, migrated, async (url) => {
      const files = await inTransaction(url, async (client) => {
        await dropWhatFilesDefine(client, before)
        return await applyAndNote(client, await readSqlFiles(sql))
      })
      const after = await withClient(url, readCatalogue)
      refuseTables(before, after)
      const difference = { ...compared(before, after), files }
      if (difference.added.length + difference.changed.length + difference.removed.length === 0) return { ...difference, migration: '' }
      const migration = await withDatabase(server, migrated, (scratch) => writeMigration(scratch, difference))
      await withDatabase(server, migrated, async (scratch) => {
        await inTransaction(scratch, (client) => client.query(migration))
        const left = compared(await withClient(scratch, readCatalogue), after)
        if (Object.values(left).flat().length > 0) throw new Error(`The migration would leave a difference. This is a fault of this tool: ${JSON.stringify(left)}`)
      })
      return { ...difference, migration }
    })
  })
}

async function migrateAll (url, directory) {
  const pool = new pg.Pool({ connectionString: url })
  try {
    await migrate(pool, directory)
  } finally {
    await pool.end()
  }
}

/** Only a throw-away database may be treated like this: what depends on a thing goes with it. */
async function dropWhatFilesDefine (client, things) {
  for (const { kind, id } of things.filter((thing) => thing.fromFile)) await client.query(`DROP ${kind.toUpperCase()} IF EXISTS ${id} CASCADE`)
}

/** Things that tables depend on are not in prisma/sql, so nothing of the tables may differ. */
function refuseTables (before, after) {
  const { added, changed, removed } = compared(before, after, false)
  const differing = [...added, ...changed, ...removed]
  if (differing.length > 0) {
    throw new Error(`prisma/sql changes what belongs to the migrations: ${differing.join(', ')}. A table, a type, and a function that stored columns use are changed by a migration that is written by hand.`)
  }
}

function compared (before, after, fromFile = true) {
  const [was, is] = [before, after].map((things) => (
    new Map(things.filter((thing) => thing.fromFile === fromFile).map((thing) => [keyOf(thing), thing.definition]))))
  return {
    added: [...is.keys()].filter((key) => !was.has(key)),
    changed: [...is.keys()].filter((key) => was.has(key) && was.get(key) !== is.get(key)),
    removed: [...was.keys()].filter((key) => !is.has(key))
  }
}

// SQLSTATEs of CREATE OR REPLACE: another result or other argument names of a function, other columns of a view
const needsDrop = ['42P13', '42P16']

/**
 * Finds by trying what must be dropped before it can be created: what prisma/sql has no more, what CREATE OR REPLACE
 * refuses, and all that depends on these.
 */
async function writeMigration (url, { added, changed, removed, files }) {
  return await withClient(url, async (client) => {
    const dependents = await readDependents(client)
    const dropped = new Set(removed)
    for (;;) {
      const drops = withDependents(dropped, dependents)
      const created = new Set([...added, ...changed, ...drops])
      const touched = files.filter((file) => file.things.some((key) => created.has(key)))
      await client.query('BEGIN')
      try {
        for (const statement of dropsOf(drops)) await client.query(statement)
        const order = await applyInOrder(client, touched, (error, file) => {
          if (!needsDrop.includes(error.code)) return
          for (const key of file.things.filter((key) => changed.includes(key) && !drops.includes(key))) dropped.add(key)
          throw new MustDrop()
        })
        return migrationText(dropsOf(drops), order)
      } catch (error) {
        if (!(error instanceof MustDrop)) throw error
      } finally {
        await client.query('ROLLBACK')
      }
    }
  })
}

class MustDrop extends Error {}

function migrationText (drops, files) {
  return [
    '-- Written by `npm run db:migration`: what the migrations before this one lack of prisma/sql.\n',
    ...(drops.length > 0 ? [`${drops.map((statement) => `${statement};`).join('\n')}\n`] : []),
    ...files.map(({ path, text }) => `-- prisma/sql/${path}\n${text.trimEnd()}\n`)
  ].join('\n')
}
