import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'
import { projectRoot } from '../../src/project-root.ts'
import { onDatabase } from './database.ts'

export const migrations = join(projectRoot, 'prisma', 'migrations')

/** A backup made by the first release; see test/fixtures/README.md. */
export const savedLab = join(projectRoot, 'test', 'fixtures', 'released-0.2.0.backup.gz')

/** A backup made by a version from before the first release, which is refused. */
export const beforeFirstRelease = join(projectRoot, 'test', 'fixtures', 'before-first-release.backup.gz')

/** A temporary directory, removed after the test. */
export async function aFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'platform-status-backup-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The URL of a new, empty database, dropped after the test. */
export async function anEmptyDatabase (t: Test): Promise<string> {
  const server = process.env.TEST_DATABASE_URL!
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await sql(server, `CREATE DATABASE ${name} TEMPLATE template0 STRATEGY FILE_COPY`)
  t.teardown(() => sql(server, `DROP DATABASE ${name} WITH (FORCE)`))
  return onDatabase(server, name)
}

/** Runs SQL on a database and returns the rows. */
export async function sql (url: string, text: string): Promise<Record<string, any>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, any>>(text)).rows
  } finally {
    await client.end()
  }
}
