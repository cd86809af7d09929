import type pg from 'pg'
import { OperatorError } from '../domain/operator-error.ts'
import { quoted, readTables } from './catalogue.sql.ts'

/** Tables that are empty until a lab is used. All other tables depend on them, or are filled at the first start. */
const labTables = ['device', 'container', 'process', 'experiment', 'step', 'event_log']

/** Throws an OperatorError if the database is in use, belongs to another program, or contains a lab (unless `replace`). */
export async function refuseTarget (client: pg.ClientBase, { replace }: { replace: boolean }): Promise<void> {
  await refuseUsed(client)
  const tables = (await readTables(client)).map(({ name }) => name)
  if (tables.length === 0) return
  if (!tables.includes('lab') || !tables.includes('_prisma_migrations')) {
    throw new OperatorError(`The database belongs to another program (it has the tables ${tables.slice(0, 3).join(', ')}${tables.length > 3 ? ', ...' : ''}): create an empty database, and set DATABASE_URL to it.`)
  }
  if (!replace) await refuseFilled(client, tables)
}

async function refuseUsed (client: pg.ClientBase): Promise<void> {
  const { rows: [row] } = await client.query<{ sessions: number }>(`
    SELECT count(*)::integer AS sessions FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'platform-status' AND pid <> pg_backend_pid()`)
  if (row!.sessions > 0) throw new OperatorError('A service uses the database: stop it, restore, and start it again.')
}

/** A database on which the service was only started has the schema, but no rows in the lab tables. */
async function refuseFilled (client: pg.ClientBase, tables: readonly string[]): Promise<void> {
  const filled: string[] = []
  for (const name of labTables.filter((table) => tables.includes(table))) {
    const { rowCount } = await client.query(`SELECT FROM ${quoted(name)} LIMIT 1`)
    if (rowCount === 1) filled.push(name)
  }
  if (filled.length === 0) return
  throw new OperatorError(`The database already contains a lab (there are rows in ${filled.join(', ')}): use an empty database, or use --replace to replace the lab by the backup. Its data is then lost; back it up first.`)
}
