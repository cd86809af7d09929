import { chmodSync, chownSync, copyFileSync, cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'
import { clusterOf } from '../../src/embedded/data-directory.ts'
import { type EmbeddedDatabase, startEmbedded } from '../../src/embedded/postgres.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrationsDirectory } from '../../src/store/migrations-directory.ts'
import { warningsOnly } from '../../tools/support/log.ts'

/** Its data does not outlive the test, so nothing need survive a crash. */
const settings = { fsync: 'off', wal_level: 'replica', max_wal_senders: '2', max_connections: '60' }

/** A migrated database on a server of its own, and a streaming standby of it. */
export async function aStandby (t: Test): Promise<{ primary: string, standby: string }> {
  const primary = await aServer(t)
  const pool = new pg.Pool({ connectionString: primary.url })
  await migrate(pool, migrationsDirectory)
  await pool.end()
  // a server that is set up as the user of the database must be, and whose files the copy replaces
  const place = await aServer(t)
  await place.stop()
  await copyCluster(primary, place.directory)
  const { hostname, port, username, password } = new URL(primary.url)
  const standby = await startEmbedded({
    dataDir: place.directory, log: warningsOnly, settings: { ...settings, primary_conninfo: `host=${hostname} port=${port} user=${username} password=${password}` }
  })
  t.teardown(standby.stop)
  return { primary: primary.url, standby: standby.url }
}

async function aServer (t: Test): Promise<EmbeddedDatabase> {
  const parent = mkdtempSync(join(tmpdir(), 'platform-status-standby-'))
  chmodSync(parent, 0o755)
  const server = await startEmbedded({ dataDir: join(parent, 'data'), log: warningsOnly, settings })
  t.teardown(async () => {
    await server.stop()
    for (const folder of [parent, server.directory]) rmSync(folder, { recursive: true, force: true })
  })
  return server
}

/** A base backup as pg_basebackup makes it, which the embedded PostgreSQL does not have. */
async function copyCluster (primary: EmbeddedDatabase, directory: string): Promise<void> {
  const [from, to] = [clusterOf(primary.directory), clusterOf(directory)]
  const { uid, gid } = statSync(from)
  const client = new pg.Client({ connectionString: primary.url })
  await client.connect()
  try {
    await client.query("SELECT pg_backup_start('standby', true)")
    rmSync(to, { recursive: true })
    cpSync(from, to, { recursive: true, filter: (file) => !/postmaster\.(pid|opts)$/.test(file) })
    const { rows: [stopped] } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)')
    writeFileSync(join(to, 'backup_label'), stopped!.labelfile)
    writeFileSync(join(to, 'standby.signal'), '')
  } finally {
    await client.end()
  }
  copyFileSync(join(primary.directory, 'password'), join(directory, 'password'))
  // when this process is root, the copy is root's
  for (const file of ['.', ...readdirSync(to, { recursive: true, encoding: 'utf8' })]) chownSync(join(to, file), uid, gid)
  chmodSync(to, 0o700)
}
