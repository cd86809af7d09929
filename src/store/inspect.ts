import pg from 'pg'
import { type Applied, readMigrations } from './migrate.ts'

/** What a look at the database tells, without changing it. Clocks: how many ms the database's is ahead of this machine's. */
export type Inspection = {
  postgresql: string, version: number, encoding: string, size_bytes: number, clock_ahead_ms: number
  /** migrations of this code that the database lacks, has from elsewhere, or has in another wording */
  missing: string[], unknown: string[], altered: string[]
}

/** Looks at the database, against the migrations of this code. Throws what the driver throws when it cannot be reached. */
export async function inspectDatabase (url: string, directory: string): Promise<Inspection> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 10_000, application_name: 'platform-status doctor' })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows: [server] } = await client.query<Omit<Inspection, 'clock_ahead_ms' | 'missing' | 'unknown' | 'altered'>>(`
      SELECT current_setting('server_version') AS postgresql, current_setting('server_version_num')::integer AS version,
        current_setting('server_encoding') AS encoding, pg_database_size(current_database())::float8 AS size_bytes`)
    return { ...server!, clock_ahead_ms: await clockAhead(client), ...await compareMigrations(client, directory) }
  } finally {
    await client.end()
  }
}

async function clockAhead (client: pg.Client): Promise<number> {
  const asked = Date.now()
  const { rows: [row] } = await client.query<{ ms: number }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms')
  return row!.ms - (asked + Date.now()) / 2
}

async function compareMigrations (client: pg.Client, directory: string) {
  const { rows: [table] } = await client.query<{ there: boolean }>("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there")
  const { rows: applied } = table!.there
    ? await client.query<Applied>('SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL')
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
