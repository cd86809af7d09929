import { statfs } from 'node:fs/promises'
import path from 'node:path'
import { type Config, readConfig } from '../config.ts'
import type { LabHealth } from '../contract/lab.ts'
import { findPackage } from '../embedded/binaries.ts'
import { findEmbedded } from '../embedded/postgres.ts'
import { type Inspection, inspectDatabase } from '../store/inspect.ts'
import { isBeforeFirstRelease } from '../store/migrate.ts'
import { migrationsDirectory } from '../store/migrations-directory.ts'
import { connectionProblem } from '../store/wait-for-database.ts'
import { serviceClient } from './client.ts'
import { formatBytes, formatCount, type CommandIo } from './io.ts'

/** What a check found; `todo` says what to do about it. */
export type DoctorFinding = { check: string, status: 'ok' | 'warning' | 'error' | 'skipped', says: string, todo?: string }

const oldestNode = [20, 19] as const
const diskLow = 1024 ** 3
const diskOut = 128 * 1024 ** 2
const clockOddMs = 1000
const clockWrongMs = 30_000

/** Looks at this machine's configuration, its database, its disk, and the service at `address`, one check after the other; changes nothing. */
export async function runDoctorChecks (io: CommandIo, address: string): Promise<DoctorFinding[]> {
  const findings = [checkNode(process.versions.node)]
  let config: Config
  try {
    config = readConfig(io.env)
  } catch (error) {
    const says = (error as Error).message.replaceAll(/\n\s*/g, ' ')
    return [...findings, { check: 'configuration', status: 'error', says, todo: 'correct these environment variables; the README says what each means' }]
  }
  findings.push({ check: 'configuration', status: 'ok', says: config.databaseUrl === null ? `embedded database in ${config.dataDir}` : 'database of DATABASE_URL' })
  return [...findings, ...await checkDatabase(config), await checkDisk(config), ...await checkService(io, address)]
}

/** Whether this Node can run the code. */
export function checkNode (version: string): DoctorFinding {
  const [major, minor] = version.split('.').map(Number) as [number, number]
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])
  return isOld
    ? { check: 'node', status: 'error', says: version, todo: `install Node ${oldestNode.join('.')} or newer` }
    : { check: 'node', status: 'ok', says: version }
}

async function checkDatabase (config: Config): Promise<DoctorFinding[]> {
  const check = 'database'
  try {
    const url = config.databaseUrl ?? await embeddedUrl(config)
    if (typeof url !== 'string') return [url]
    return checkInspection(await inspectDatabase(url, migrationsDirectory).catch((error: unknown) => {
      throw new Error(connectionProblem(url, error) ?? (error as Error).message, { cause: error })
    }))
  } catch (error) {
    return [{ check, status: 'error', says: (error as Error).message, todo: 'do as it says there, then ask again' }]
  }
}

async function embeddedUrl ({ dataDir }: Config): Promise<string | DoctorFinding> {
  await findPackage()
  const found = await findEmbedded({ dataDir })
  if (typeof found === 'object') return found.url
  return found === 'none'
    ? { check: 'database', status: 'warning', says: `there is none in ${dataDir} yet`, todo: 'start the service, which makes it; or name the right place in DATA_DIR' }
    : { check: 'database', status: 'warning', says: 'the embedded database is stopped', todo: 'start the service, which starts it: npm start' }
}

/** What a look at the database means. */
export function checkInspection (seen: Inspection): DoctorFinding[] {
  return [checkServer(seen), checkMigrations(seen), checkClock(seen)]
}

function checkServer ({ postgresql, version, encoding, size_bytes }: Inspection): DoctorFinding {
  const says = `PostgreSQL ${postgresql}, ${formatBytes(size_bytes)}`
  if (version < 150000) return { check: 'database', status: 'error', says, todo: 'move to PostgreSQL 15 or newer' }
  if (encoding !== 'UTF8') return { check: 'database', status: 'error', says: `${says}, encoding ${encoding}`, todo: 'back up, create the database anew with ENCODING \'UTF8\', restore' }
  return { check: 'database', status: 'ok', says }
}

function checkMigrations ({ missing, unknown, altered }: Inspection): DoctorFinding {
  const check = 'migrations'
  if (isBeforeFirstRelease(unknown)) return { check, status: 'error', says: 'the database is from before the first release', todo: 'use an empty database; to read the old data, run the version that made it' }
  if (unknown.length > 0) return { check, status: 'error', says: `the database is newer than this code: ${unknown.join(', ')}`, todo: 'install the version that it was made by, or restore a backup from before' }
  if (altered.length > 0) return { check, status: 'error', says: `changed after they were applied: ${altered.join(', ')}`, todo: 'install the released code again; released migrations never change' }
  if (missing.length > 0) return { check, status: 'warning', says: `${missing.length} not applied yet`, todo: 'back up, then start the service, which applies them' }
  return { check, status: 'ok', says: 'all applied' }
}

function checkClock ({ clock_ahead_ms }: Inspection): DoctorFinding {
  const off = Math.abs(clock_ahead_ms)
  const says = off < clockOddMs
    ? 'this machine and the database agree'
    : `the database's clock is ${(off / 1000).toFixed(1)} s ${clock_ahead_ms > 0 ? 'ahead of' : 'behind'} this machine's`
  if (off < clockOddMs) return { check: 'clock', status: 'ok', says }
  return { check: 'clock', status: off < clockWrongMs ? 'warning' : 'error', says, todo: 'let both machines keep time by NTP; durations and expiries are wrong until then' }
}

async function checkDisk ({ databaseUrl, dataDir }: Config): Promise<DoctorFinding> {
  if (databaseUrl !== null) return { check: 'disk', status: 'skipped', says: 'the database\'s disk cannot be seen from here' }
  try {
    const { bavail, bsize } = await statfs(path.resolve(dataDir)).catch(() => statfs('.'))
    return checkDiskSpace(bavail * bsize)
  } catch (error) {
    return { check: 'disk', status: 'skipped', says: (error as Error).message }
  }
}

/** What so many free bytes mean. */
export function checkDiskSpace (free: number): DoctorFinding {
  const says = `${formatBytes(free)} free`
  if (free < diskOut) return { check: 'disk', status: 'error', says, todo: 'make room at once: a full disk stops the database' }
  if (free < diskLow) return { check: 'disk', status: 'warning', says, todo: 'make room, or move DATA_DIR to a larger disk' }
  return { check: 'disk', status: 'ok', says }
}

async function checkService (io: CommandIo, address: string): Promise<DoctorFinding[]> {
  const client = serviceClient(io, address)
  try {
    await client.ask('GET', '/health/ready')
  } catch (error) {
    return [
      { check: 'service', status: 'error', says: (error as Error).message, todo: 'npm start, or correct the address' },
      { check: 'lab', status: 'skipped', says: 'the service was not reached' }
    ]
  }
  const ready: DoctorFinding = { check: 'service', status: 'ok', says: `ready at ${address}` }
  try {
    return [ready, checkLabHealth(await client.ask<LabHealth>('GET', '/api/lab/health'))]
  } catch (error) {
    return [ready, { check: 'lab', status: 'warning', says: (error as Error).message, todo: 'set PLATFORM_STATUS_KEY to a key that may read' }]
  }
}

/** What the findings of the lab's own health mean. */
export function checkLabHealth ({ healthy, findings }: LabHealth): DoctorFinding {
  const says = findings.length === 0 ? 'healthy' : `${formatCount(findings.length, 'finding')}: ${findings.map(({ message }) => message).join(' ')}`
  if (findings.length === 0) return { check: 'lab', status: 'ok', says }
  return { check: 'lab', status: healthy ? 'warning' : 'error', says, todo: 'platform-status lab health lists them' }
}
