// npm run test:pgbouncer: the service behind PgBouncer, with deploy/patroni/pgbouncer.ini and the embedded PostgreSQL. It must be clean in session
// mode. In transaction mode there must be no 500, and the answers must say what to set. The start and `doctor` must tell of a PgBouncer that refuses what
// the service sends when it connects. Root with apt-get may install PgBouncer; otherwise the exit code is 77, and a line says what is missing.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../../src/embedded/postgres.ts'
import { unprivilegedUser } from '../../src/embedded/user.ts'
import { runChecks } from '../support/checks.ts'
import { warningsOnly } from '../support/log.ts'
import { findOrInstall, findProgram, Lacking, leftOut } from '../support/packages.ts'
import { openPrograms } from '../support/programs.ts'
import { checksOf } from './checks.ts'

const work = mkdtempSync(join(tmpdir(), 'platform-status-pgbouncer-'))
// the programs run as another user when this one is root
chmodSync(work, 0o755)
try {
  const { pgbouncer } = await findOrInstall({ pgbouncer: { find: () => findProgram('pgbouncer'), package: 'pgbouncer' } })
  await check(pgbouncer)
} catch (error) {
  if (!(error instanceof Lacking)) throw error
  console.log(`skipped: pgbouncer: ${error.message}`)
  process.exitCode = leftOut
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function check (pgbouncer: string): Promise<void> {
  const owner = process.getuid?.() === 0 ? await unprivilegedUser() : undefined
  const folder = join(work, 'pooler')
  mkdirSync(folder)
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  const programs = openPrograms(folder, owner)
  const stop = (): void => programs.killAll()
  process.once('exit', stop)
  const server = await startEmbedded({ dataDir: join(work, 'data'), log: warningsOnly, settings: { fsync: 'off' } })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => { void server.stop().finally(() => process.exit(1)) })
  try {
    await runChecks(checksOf(programs, pgbouncer, server.url))
  } finally {
    await programs.endAll()
    process.off('exit', stop)
    await server.stop()
    rmSync(server.directory, { recursive: true, force: true })
  }
}
