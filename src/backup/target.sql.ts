import type pg from 'pg'
import { OperatorError } from '../domain/operator-error.ts'
import { quoted, readTables } from './catalogue.sql.ts'

/** What labs put in; all else hangs on it, or is made by a start. */
const ofLabs = ['device', 'container', 'process', 'experiment', 'step', 'event']

/** Refuses a database that a backup must not be restored into: one in use, one of another program, and one that holds something unless it shall be replaced. */
export async function refuseTarget (client: pg.ClientBase, { replace }: { replace: boolean }): Promise<void> {
  await refuseUsed(client)
  const tables = (await readTables(client)).map(({ name }) => name)
  if (tables.length === 0) return
  if (!tables.includes('lab') || !tables.includes('_prisma_migrations')) {
    throw new OperatorError(`The database belongs to something else (it has the tables ${tables.slice(0, 3).join(', ')}${tables.length > 3 ? ', ...' : ''}): create an empty one, and name it in DATABASE_URL.`)
  }
  if (!replace) await refuseFilled(client, tables)
}

async function refuseUsed (client: pg.ClientBase): Promise<void> {
  const { rows: [row] } = await client.query<{ sessions: number }>(`
    SELECT count(*)::integer AS sessions FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'platform-status' AND pid <> pg_backend_pid()`)
  if (row!.sessions > 0) throw new OperatorError('A service uses the database: stop it, restore, and start it again.')
}

/** A service that was started once on an empty database has left its schema there, but nothing of a lab. */
async function refuseFilled (client: pg.ClientBase, tables: readonly string[]): Promise<void> {
  const holding: string[] = []
  for (const name of ofLabs.filter((table) => tables.includes(table))) {
    const { rowCount } = await client.query(`SELECT FROM ${quoted(name)} LIMIT 1`)
    if (rowCount === 1) holding.push(name)
  }
  if (holding.length === 0) return
  throw new OperatorError(`The database holds a lab already (there are rows in ${holding.join(', ')}): give an empty one, or say --replace to put the backup in its place. What is there now is then lost; back it up first.`)
}
