import { createHash } from 'node:crypto'
import { existsSync, lstatSync, realpathSync } from 'node:fs'
import { access, chmod, chown, constants, lstat, mkdir, readdir, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Log } from '../domain/log.ts'
import { lockPrefix } from './lock.ts'
import { codeOf, type Owner } from './run-command.ts'
import { canEnter, userName, unprivilegedUser } from './user.ts'

/** The directory of the database, and the user that runs its programs (undefined: the user of this process). */
export type ClusterLocation = { directory: string, owner: Owner }

// Used when the service runs as root and the user of the database cannot reach DATA_DIR: the first one that can be written.
const sharedParents = ['/var/lib', '/srv']

/** The directory of the cluster. Beside it are the password, the log, lock files and possibly the programs. */
export function clusterOf (directory: string): string {
  return path.join(directory, 'postgresql')
}

export function holdsCluster (directory: string): boolean {
  return existsSync(path.join(clusterOf(directory), 'PG_VERSION'))
}

/**
 * Chooses and prepares the directory for the database. For an ordinary user, this is `dataDir`. PostgreSQL refuses to run as
 * root, so for root the database belongs to an unprivileged user. If this user cannot reach `dataDir`, another directory is
 * used. It depends only on `dataDir`, so that the next start finds it again. `shared` are the possible parent directories.
 * Throws an Error that says what to do if no directory can be used.
 */
export async function chooseLocation (options: {
  dataDir: string, log: Pick<Log, 'info' | 'warn'>, shared?: string[]
}): Promise<ClusterLocation> {
  const { log, shared = sharedParents } = options
  const requested = canonical(options.dataDir)
  if (process.geteuid?.() !== 0) return await prepare(requested, await checkOwnCluster(requested))

  const elsewhere = placesOfRoot(requested, shared)
  const existing = [requested, ...elsewhere.filter(isBelowRoots)].find(holdsCluster)
  if (existing !== undefined) {
    const owner = await ownerOf(existing)
    await checkReachable(existing, owner)
    if (existing !== requested) logMoved(log, requested, existing, owner)
    return await prepare(existing, owner)
  }
  const owner = await unprivilegedUser()
  await withDirectoryErrors(requested, () => refuseForeign(requested))
  if (await canEnter(nearestExisting(path.dirname(requested)), owner)) {
    const place = await prepare(requested, owner)
    if (await canEnter(requested, owner)) return place
  }
  for (const directory of elsewhere) {
    if (!await canPrepare(directory, owner)) continue
    logMoved(log, requested, directory, owner)
    if (directory === elsewhere.at(-1)) {
      log.warn({ directory }, 'the database is in a temporary directory, and may be gone after a reboot')
    }
    return { directory, owner }
  }
  throw new Error(`PostgreSQL started by root runs as the user ${owner.name}, who can reach neither ${requested} ` +
    `nor ${elsewhere.join(', ')}: set DATA_DIR to a directory that this user can reach, or set DATABASE_URL`)
}

/** The directory of the existing cluster for `dataDir`, as chooseLocation finds it; undefined if there is none. Changes nothing. */
export function findLocation ({ dataDir, shared = sharedParents }: { dataDir: string, shared?: string[] | undefined }): string | undefined {
  const requested = canonical(dataDir)
  const places = process.geteuid?.() === 0 ? [requested, ...placesOfRoot(requested, shared).filter(isBelowRoots)] : [requested]
  return places.find(holdsCluster)
}

/** The directories that root uses if the user of the database cannot reach the requested one. */
function placesOfRoot (requested: string, shared: readonly string[]): string[] {
  const name = path.join('platform-status', createHash('sha256').update(requested).digest('hex').slice(0, 16))
  return [...shared, canonical(os.tmpdir())].map((parent) => path.join(parent, name))
}

/** The path without symbolic links, whether or not the directory exists yet. */
function canonical (directory: string): string {
  const full = path.resolve(directory)
  const base = nearestExisting(full)
  return path.join(realpathSync(base), path.relative(base, full))
}

function nearestExisting (directory: string): string {
  let base = directory
  while (!existsSync(base) && path.dirname(base) !== base) base = path.dirname(base)
  return base
}

/** Throws an Error if the cluster belongs to another user. PostgreSQL would refuse it with a less helpful message. */
async function checkOwnCluster (directory: string): Promise<undefined> {
  if (!holdsCluster(directory)) return
  const { uid } = await stat(clusterOf(directory))
  const us = process.geteuid?.() ?? uid
  if (uid === us) return
  throw new Error(`The database in ${directory} belongs to another user (uid ${uid}, this is uid ${us}): start as ` +
    'that user or as root, or set another DATA_DIR')
}

async function ownerOf (directory: string): Promise<NonNullable<Owner>> {
  const { uid, gid } = await stat(clusterOf(directory))
  if (uid !== 0) {
    if (await isOpen(directory) && uid !== (await unprivilegedUser()).uid) {
      throw new Error(`Every user can write to ${directory}, and the database in it belongs to the user with uid ${uid}: if this ` +
        `is your database, run "chmod go-w ${directory}"; otherwise set another DATA_DIR`)
    }
    return { uid, gid, name: await userName(uid) }
  }
  const user = await unprivilegedUser()
  throw new Error(`The database in ${directory} belongs to root, but PostgreSQL refuses to run as root: change its owner ` +
    `with "chown -R ${user.name} ${clusterOf(directory)}"`)
}

async function checkReachable (directory: string, owner: NonNullable<Owner>) {
  if (await canEnter(path.dirname(directory), owner)) return
  throw new Error(`The database in ${directory} belongs to the user ${owner.name}, who cannot reach it: give this user ` +
    `access to ${path.dirname(directory)} and the directories above, or move the database`)
}

async function canPrepare (directory: string, owner: NonNullable<Owner>): Promise<boolean> {
  const parent = path.dirname(directory)
  try {
    await mkdir(parent, { recursive: true })
    if (!isBelowRoots(directory)) return false
    await chmod(parent, 0o755)
    await prepare(directory, owner)
  } catch {
    return false
  }
  return await canEnter(directory, owner)
}

/** Whether the parent belongs to root. In a directory that everybody may write, another user could have created it. */
function isBelowRoots (directory: string): boolean {
  try {
    const parent = lstatSync(path.dirname(directory))
    return parent.isDirectory() && parent.uid === 0
  } catch {
    return false
  }
}

/** Whether a directory of root is writable for other users. */
async function isOpen (directory: string): Promise<boolean> {
  const { uid, gid, mode } = await stat(directory)
  return uid === 0 && ((mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0))
}

/**
 * Throws an Error if the directory, or a file of the service in it, belongs to a user other than root, this user or the
 * user of the database. Otherwise another user could plant programs that the service runs, or read the password. Does not
 * follow links.
 */
async function refuseOtherOwners (directory: string, owner: Owner) {
  // Windows has no user ids.
  if (process.geteuid === undefined) return
  const trusted = [0, process.geteuid(), ...(owner ? [owner.uid] : [])]
  const { uid } = await lstat(directory)
  if (!trusted.includes(uid)) {
    throw new Error(`The directory ${directory} belongs to another user (uid ${uid}), who could put programs there that ` +
      `this user would run: set DATA_DIR to a directory of your own, or change its owner with "chown ${process.geteuid()} ${directory}"`)
  }
  for (const name of await readdir(directory)) {
    // prepareBinaries checks the copy of the programs, and replaces it.
    if (!ownFiles.some((known) => known.test(name)) || programCopy.test(name)) continue
    const file = path.join(directory, name)
    const of = await lstat(file).then((found) => found.uid, () => undefined)
    if (of === undefined || trusted.includes(of)) continue
    throw new Error(`${file} belongs to another user (uid ${of}): remove it if you do not know it, or set another DATA_DIR`)
  }
}

/** The same check for a database that already exists, before a command connects to it. */
export async function checkOwners (directory: string) {
  const { uid, gid } = await stat(clusterOf(directory))
  await refuseOtherOwners(directory, { uid, gid, name: String(uid) })
}

async function prepare (directory: string, owner: Owner): Promise<ClusterLocation> {
  await withDirectoryErrors(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o755 })
    await refuseForeign(directory)
    await refuseOtherOwners(directory, owner)
    const { uid } = await stat(directory)
    if (owner && uid !== owner.uid) {
      // The directory belongs to root: the user of the database can enter it, but cannot replace the files that root writes.
      await chown(directory, 0, owner.gid)
      await chmod(directory, 0o710)
    } else {
      await chmod(directory, 0o700).catch((error) => {
        // The directory belongs to another user but is writable. The cluster inside still has mode 0700.
        if (codeOf(error) !== 'EPERM') throw error
      })
    }
    await access(directory, constants.W_OK | constants.X_OK)
    // Again, now that no other user can add files.
    await refuseOtherOwners(directory, owner)
  })
  return { directory, owner }
}

/** Turns system errors into an Error that says what to do. */
async function withDirectoryErrors (directory: string, work: () => Promise<void>) {
  try {
    await work()
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    const owner = await stat(directory).then(({ uid }) => uid, () => undefined)
    const others = owner !== undefined && owner !== process.geteuid?.()
    const why = code === 'EEXIST' || code === 'ENOTDIR'
      ? 'part of the path is not a directory'
      : code + (others ? `, it belongs to the user with uid ${owner}` : '')
    throw new Error(`The database cannot be stored in ${directory} (${why}): set DATA_DIR to a directory that this user ` +
      'can write, or set DATABASE_URL', { cause: error })
  }
}

const programCopy = /^binaries-/
const ownFiles = [/^password$/, /^postgres\.log$/, /^postgresql(?:\.new-.*)?$/, programCopy, new RegExp(`^${lockPrefix}`)]
// File systems, desktops and version control put these into empty directories.
const harmlessFiles = [/^lost\+found$/, /^\.DS_Store$/, /^\.gitkeep$/, /^\.gitignore$/]

/** Throws an Error if the directory contains files of other programs, before anything in it is changed. */
async function refuseForeign (directory: string) {
  if (holdsCluster(directory)) return
  const entries = await readdir(directory).catch((error) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const foreign = entries.filter((name) => ![...ownFiles, ...harmlessFiles].some((known) => known.test(name)))
  if (foreign.length === 0) return
  const what = foreign.includes('PG_VERSION')
    ? 'it is the data directory of another PostgreSQL'
    : `it contains ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', ...' : ''}`
  throw new Error(`The directory ${directory} contains files that are not from this service (${what}): set DATA_DIR to an empty ` +
    'or new directory')
}

function logMoved (log: Pick<Log, 'info' | 'warn'>, requested: string, directory: string, owner: NonNullable<Owner>) {
  log.info({ requested, directory, user: owner.name },
    'the database is in another directory, because its user cannot reach the requested one')
}
