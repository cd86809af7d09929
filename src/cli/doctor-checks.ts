import { statfs } from 'node:fs/promises'
import path from 'node:path'
import { type Config, readConfig } from '../config.ts'
import type { LabHealth } from '../contract/lab.ts'
import { findPackage } from '../embedded/binaries.ts'
import { findEmbedded } from '../embedded/postgres.ts'
import { type Inspection, inspectDatabase } from '../store/inspect.ts'
import { isBeforeFirstRelease } from '../store/migrate.ts'
import { migrationsDirectory } from '../store/migrations-directory.ts'
import { revisionsAPartition } from '../store/partitions/bounds.ts'
import { connectionProblem } from '../store/wait-for-database.ts'
import { type Client, serviceClient } from './client.ts'
import { formatBytes, formatCount, type CommandIo } from './io.ts'

/** The result of one check. `todo` says how to fix it. */
export type DoctorFinding = { check: string, status: 'ok' | 'warning' | 'error' | 'skipped', says: string, todo?: string }

const oldestNode = [20, 19] as const
const diskWarningBytes = 1024 ** 3
const diskErrorBytes = 128 * 1024 ** 2
const clockWarningMs = 1000
const clockErrorMs = 30_000
const partitionWarningMs = 365 * 24 * 3600 * 1000

/** Checks the configuration, database and disk of this machine, and the service at the URL `address`. Changes nothing. */
export async function runDoctorChecks (io: CommandIo, address: string): Promise<DoctorFinding[]> {
  const findings = [checkNode(process.versions.node)]
  let config: Config
  try {
    config = readConfig(io.env)
  } catch (error) {
    const says = (error as Error).message.replaceAll(/\n\s*/g, ' ')
    return [...findings, { check: 'configuration', status: 'error', says, todo: 'correct these environment variables; the README explains them' }]
  }
  findings.push({ check: 'configuration', status: 'ok', says: config.databaseUrl === null ? `embedded database in ${config.dataDir}` : 'database of DATABASE_URL' })
  return [...findings, ...await checkDatabase(config), await checkDisk(config), ...await checkService(serviceClient(io, address))]
}

/** Whether this version of Node is new enough. */
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
    return [{ check, status: 'error', says: (error as Error).message, todo: 'follow this advice, then run doctor again' }]
  }
}

async function embeddedUrl ({ dataDir }: Config): Promise<string | DoctorFinding> {
  await findPackage()
  const found = await findEmbedded({ dataDir })
  if (typeof found === 'object') return found.url
  return found === 'none'
    ? { check: 'database', status: 'warning', says: `there is no database in ${dataDir} yet`, todo: 'start the service, which creates it, or correct DATA_DIR' }
    : { check: 'database', status: 'warning', says: 'the embedded database is stopped', todo: 'start the service, which also starts the database: npm start' }
}

/** Rates what was found in the database. */
export function checkInspection (inspection: Inspection): DoctorFinding[] {
  return [
    checkServer(inspection), ...checkPooler(inspection), checkMigrations(inspection), checkClock(inspection),
    ...checkPartitions(inspection), ...checkSteps(inspection)
  ]
}

/** Says nothing about a history that is not divided. Rows for which no partition is prepared are stored in the partition for all others. */
function checkPartitions ({ prepared }: Inspection): DoctorFinding[] {
  if (prepared === undefined) return []
  const { until, revisions_left: left } = prepared
  const says = `prepared until ${until.toISOString().slice(0, 10)} and for ${left.toLocaleString('en')} more revisions`
  const isShort = until.getTime() < Date.now() + partitionWarningMs || left < revisionsAPartition
  if (!isShort) return [{ check: 'partitions', status: 'ok', says }]
  return [{ check: 'partitions', status: 'warning', says, todo: 'prepare the next ones: platform-status partition' }]
}

/** Only tells when there is something to decide. */
function checkSteps ({ doubtful }: Inspection): DoctorFinding[] {
  const { ahead, long } = doubtful ?? { ahead: 0, long: 0 }
  const parts = [
    ...ahead === 0 ? [] : [`${formatCount(ahead, 'step')} with a time in the future, or of 0 seconds where others of its kind took longer`],
    ...long === 0 ? [] : [`${formatCount(long, 'step')} that took longer than all reason`]
  ]
  if (parts.length === 0) return []
  return [{
    check: 'steps', status: 'warning', says: `the service uses ${parts.join(', and ')}`,
    todo: 'look with: platform-status steps exclude --where doubtful=true --dry-run, then decide with --reason instead of --dry-run'
  }]
}

function checkServer ({ postgresql, version, encoding, size_bytes }: Inspection): DoctorFinding {
  const says = `PostgreSQL ${postgresql}, ${formatBytes(size_bytes)}`
  if (version < 150000) return { check: 'database', status: 'error', says, todo: 'upgrade to PostgreSQL 15 or newer' }
  if (encoding !== 'UTF8') return { check: 'database', status: 'error', says: `${says}, encoding ${encoding}`, todo: 'back up, create a new database with ENCODING \'UTF8\', and restore' }
  return { check: 'database', status: 'ok', says }
}

/** Only tells when there is something to change. */
function checkPooler ({ is_shared = false }: Inspection): DoctorFinding[] {
  if (!is_shared) return []
  const says = 'a connection pooler gives each transaction another connection'
  return [{ check: 'pooler', status: 'warning', says, todo: 'set its pool_mode to session, or let DATABASE_URL name the database itself: prepared statements and the lock of migrations belong to one connection' }]
}

function checkMigrations ({ missing, unknown, altered }: Inspection): DoctorFinding {
  const check = 'migrations'
  if (isBeforeFirstRelease(unknown)) return { check, status: 'error', says: 'the database is from before the first release', todo: 'use an empty database; to read the old data, run the version that made it' }
  if (unknown.length > 0) return { check, status: 'error', says: `the database is newer than this version of the service: ${unknown.join(', ')}`, todo: 'install the version that created it, or restore an older backup' }
  if (altered.length > 0) return { check, status: 'error', says: `changed after they were applied: ${altered.join(', ')}`, todo: 'reinstall the released version; released migrations never change' }
  if (missing.length > 0) return { check, status: 'warning', says: `${missing.length} not applied yet`, todo: 'back up, then start the service, which applies them' }
  return { check, status: 'ok', says: 'all applied' }
}

function checkClock ({ clock_ahead_ms }: Inspection): DoctorFinding {
  const off = Math.abs(clock_ahead_ms)
  const says = off < clockWarningMs
    ? 'same time on this machine and on the database server'
    : `the database's clock is ${(off / 1000).toFixed(1)} s ${clock_ahead_ms > 0 ? 'ahead of' : 'behind'} this machine's`
  if (off < clockWarningMs) return { check: 'clock', status: 'ok', says }
  return { check: 'clock', status: off < clockErrorMs ? 'warning' : 'error', says, todo: 'synchronise both machines by NTP; until then, durations and expiry times are wrong' }
}

async function checkDisk ({ databaseUrl, dataDir }: Config): Promise<DoctorFinding> {
  if (databaseUrl !== null) return { check: 'disk', status: 'skipped', says: 'the disk of the database server cannot be checked from here' }
  try {
    const { bavail, bsize } = await statfs(path.resolve(dataDir)).catch(() => statfs('.'))
    return checkDiskSpace(bavail * bsize)
  } catch (error) {
    return { check: 'disk', status: 'skipped', says: (error as Error).message }
  }
}

/** Rates the free disk space, in bytes. */
export function checkDiskSpace (free: number): DoctorFinding {
  const says = `${formatBytes(free)} free`
  if (free < diskErrorBytes) return { check: 'disk', status: 'error', says, todo: 'free disk space now: a full disk stops the database' }
  if (free < diskWarningBytes) return { check: 'disk', status: 'warning', says, todo: 'free disk space, or move DATA_DIR to a larger disk' }
  return { check: 'disk', status: 'ok', says }
}

/** Whether a service is ready, and what does not add up in its lab. */
export async function checkService (client: Client, unread: 'warning' | 'error' = 'warning'): Promise<DoctorFinding[]> {
  try {
    await client.request('GET', '/health/ready')
  } catch (error) {
    return [
      { check: 'service', status: 'error', says: (error as Error).message, todo: 'start the service with npm start, or correct its address' },
      { check: 'lab', status: 'skipped', says: 'the service was not reached' }
    ]
  }
  const ready: DoctorFinding = { check: 'service', status: 'ok', says: `ready at ${client.address}` }
  try {
    const health = await client.request<LabHealth>('GET', '/api/lab/health')
    return [ready, checkLabHealth(health), checkLastBackup(health)]
  } catch (error) {
    return [ready, { check: 'lab', status: unread, says: (error as Error).message, todo: 'set PLATFORM_STATUS_KEY to a key with the scope read' }]
  }
}

/** How old the newest known backup is. An older service does not tell. */
export function checkLastBackup ({ findings, last_backup = null }: Pick<LabHealth, 'findings'> & Partial<LabHealth>, now = Date.now()): DoctorFinding {
  const check = 'backup'
  const todo = 'take one every night with: platform-status backup /backups/'
  if (last_backup === null) return { check, status: 'skipped', says: 'no backup is known: the service knows only those of platform-status backup', todo: `${todo}; nothing is wrong if you back up in another way` }
  const days = Math.floor((now - Date.parse(String(last_backup.taken_at))) / 86_400_000)
  const says = `the newest is ${days < 1 ? 'less than a day' : formatCount(days, 'day')} old, of revision ${last_backup.revision}${last_backup.bytes === null ? '' : `, ${formatBytes(last_backup.bytes)}`}`
  return findings.some(({ code }) => code === 'backup-old') ? { check, status: 'warning', says, todo } : { check, status: 'ok', says }
}

/** Rates the findings of /api/lab/health. */
export function checkLabHealth ({ healthy, findings }: Pick<LabHealth, 'healthy' | 'findings'>): DoctorFinding {
  const says = findings.length === 0 ? 'healthy' : `${formatCount(findings.length, 'finding')}: ${findings.map(({ message }) => message).join(' ')}`
  if (findings.length === 0) return { check: 'lab', status: 'ok', says }
  return { check: 'lab', status: healthy ? 'warning' : 'error', says, todo: 'list the findings with: platform-status lab health' }
}
