import pg from 'pg'
import { type AppliedMigration, readMigrations } from './migrate.ts'
import { type Prepared, readPrepared } from './partitions/prepared.ts'
import { sessionSettings } from './session-settings.ts'
import { sharesConnections } from './shared-connections.ts'

/** Facts about a database. `clock_ahead_ms`: how many milliseconds its clock is ahead of the clock of this machine. */
export type Inspection = {
  postgresql: string, version: number, encoding: string, size_bytes: number, clock_ahead_ms: number
  /** Migrations that the database lacks, that this code does not have, and whose text differs. */
  missing: string[], unknown: string[], altered: string[]
  /** How many steps are used although their times cannot be true. Absent without a table of steps. */
  doubtful?: { ahead: number, long: number }
  /** How far the partitions reach. Absent if the history is not divided. */
  prepared?: Prepared
  /** Whether a pooler gives each transaction another connection. */
  is_shared?: boolean
}

/** Inspects a database without changing it, and compares its migrations with those of this code. Throws the error of the driver when it cannot connect. */
export async function inspectDatabase (url: string, directory: string): Promise<Inspection> {
  // as the service connects, so that what refuses the service refuses this, too
  const config = { connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 10_000, application_name: 'platform-status doctor', ...sessionSettings(10_000) }
  const client = new pg.Client(config)
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows: [server] } = await client.query<Pick<Inspection, 'postgresql' | 'version' | 'encoding' | 'size_bytes'>>(`
      SELECT current_setting('server_version') AS postgresql, current_setting('server_version_num')::integer AS version,
        current_setting('server_encoding') AS encoding, pg_database_size(current_database())::float8 AS size_bytes`)
    const doubtful = await countDoubtfulSteps(client)
    const prepared = await readPrepared(client)
    return {
      ...server!, is_shared: await sharesConnections(config, client), clock_ahead_ms: await clockAhead(client), ...await compareMigrations(client, directory),
      ...doubtful === null ? {} : { doubtful }, ...prepared === undefined ? {} : { prepared }
    }
  } finally {
    await client.end()
  }
}

async function clockAhead (client: pg.Client): Promise<number> {
  const sentAt = Date.now()
  const { rows: [row] } = await client.query<{ ms: number }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms')
  return row!.ms - (sentAt + Date.now()) / 2
}

// A database that was not upgraded yet lacks the function, so it is looked at with what its table has: then as well the operator
// should know before the upgrade.
async function countDoubtfulSteps (client: pg.Client): Promise<{ ahead: number, long: number } | null> {
  const { rows: [known] } = await client.query<{ steps: boolean, judged: boolean }>(
    "SELECT to_regclass('step') IS NOT NULL AS steps, to_regproc('doubtful_steps') IS NOT NULL AS judged")
  if (!known!.steps) return null
  const { rows: [found] } = await client.query<{ ahead: number, long: number }>(known!.judged
    ? "SELECT count(*) FILTER (WHERE reason = 'clock')::integer AS ahead, count(*) FILTER (WHERE reason = 'implausible')::integer AS long FROM doubtful_steps()"
    : `SELECT count(*) FILTER (WHERE coalesce(finish, start) > now() + interval '5 seconds')::integer AS ahead,
         count(*) FILTER (WHERE finish <= now() + interval '5 seconds')::integer AS long
       FROM step WHERE coalesce(finish, start) > now() + interval '5 seconds'
         OR (status = 'completed' AND NOT is_simulation AND finish - start > interval '31 days' + coalesce(commanded_seconds, 0) * interval '1 second')`)
  return found!
}

async function compareMigrations (client: pg.Client, directory: string) {
  const { rows: [table] } = await client.query<{ there: boolean }>("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there")
  const { rows: applied } = table!.there
    ? await client.query<AppliedMigration>('SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL')
    : { rows: [] }
  const known = await readMigrations(directory)
  const names = new Set(known.map(({ name }) => name))
  const has = (name: string, checksum?: string) => applied.some((one) => one.migration_name === name && (checksum === undefined || one.checksum === checksum))
  return {
    missing: known.filter(({ name }) => !has(name)).map(({ name }) => name),
    unknown: applied.map(({ migration_name }) => migration_name).filter((name) => !names.has(name)),
    altered: known.filter(({ name, checksum }) => has(name) && !has(name, checksum)).map(({ name }) => name)
  }
}
