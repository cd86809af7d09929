import { createHash } from 'node:crypto'
import { existsSync, lstatSync, realpathSync } from 'node:fs'
import { access, chmod, chown, constants, lstat, mkdir, readdir, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Log } from '../domain/log.ts'
import { lockPrefix } from './lock.ts'
import { codeOf, type Owner } from './run-command.ts'
import { canEnter, userName, unprivilegedUser } from './user.ts'

/** Where the database lives, and as which user its programs run (undefined: ours). */
export type ClusterLocation = { directory: string, owner: Owner }

// Where root keeps a database whose user cannot get to the directory asked for; the first that can be written.
const SHARED = ['/var/lib', '/srv']

/** The cluster's own files inside the place; beside it lie the password, the log, locks and perhaps the programs. */
export function clusterOf (directory: string): string {
  return path.join(directory, 'postgresql')
}

export function holdsCluster (directory: string): boolean {
  return existsSync(path.join(clusterOf(directory), 'PG_VERSION'))
}

/**
 * Chooses and prepares the directory for the database. For an ordinary user that is the one asked for. PostgreSQL
 * refuses to run as root, so root's database belongs to an unprivileged user, and goes to a reachable place when that
 * user cannot get to the one asked for. Only what was asked for decides which place that is, so that the next start
 * finds it again. `shared` are the parents of such places.
 */
export async function chooseLocation (options: {
  dataDir: string, log: Pick<Log, 'info' | 'warn'>, shared?: string[]
}): Promise<ClusterLocation> {
  const { log, shared = SHARED } = options
  const asked = canonical(options.dataDir)
  if (process.geteuid?.() !== 0) return await prepare(asked, await ourselves(asked))

  const elsewhere = placesOfRoot(asked, shared)
  const existing = [asked, ...elsewhere.filter(isBelowRoots)].find(holdsCluster)
  if (existing !== undefined) {
    const owner = await ownerOf(existing)
    await mustReach(existing, owner)
    if (existing !== asked) tellMoved(log, asked, existing, owner)
    return await prepare(existing, owner)
  }
  const owner = await unprivilegedUser()
  await explained(asked, () => refuseForeign(asked))
  if (await canEnter(nearestExisting(path.dirname(asked)), owner)) {
    const place = await prepare(asked, owner)
    if (await canEnter(asked, owner)) return place
  }
  for (const directory of elsewhere) {
    if (!await canPrepare(directory, owner)) continue
    tellMoved(log, asked, directory, owner)
    if (directory === elsewhere.at(-1)) {
      log.warn({ directory }, 'the database lies in a temporary directory, and may be gone after a reboot')
    }
    return { directory, owner }
  }
  throw new Error(`The user ${owner.name}, as whom PostgreSQL runs when started by root, can reach neither ${asked} ` +
    `nor ${elsewhere.join(', ')}: set DATA_DIR to a directory that user can reach, or set DATABASE_URL`)
}

/** The directory with the cluster that was made for `dataDir`, as choosePlace would find it; undefined when there is none yet. Changes nothing. */
export function findLocation ({ dataDir, shared = SHARED }: { dataDir: string, shared?: string[] | undefined }): string | undefined {
  const asked = canonical(dataDir)
  const places = process.geteuid?.() === 0 ? [asked, ...placesOfRoot(asked, shared).filter(isBelowRoots)] : [asked]
  return places.find(holdsCluster)
}

/** Where root keeps the database of the directory asked for when its user cannot get there. */
function placesOfRoot (asked: string, shared: readonly string[]): string[] {
  const name = path.join('platform-status', createHash('sha256').update(asked).digest('hex').slice(0, 16))
  return [...shared, canonical(os.tmpdir())].map((parent) => path.join(parent, name))
}

/** The same text for the same directory, however it is reached and whether or not it exists yet. */
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

/** Refuses an ordinary user what belongs to another one, before PostgreSQL does in its own words. */
async function ourselves (directory: string): Promise<undefined> {
  if (!holdsCluster(directory)) return
  const { uid } = await stat(clusterOf(directory))
  const us = process.geteuid?.() ?? uid
  if (uid === us) return
  throw new Error(`The database in ${directory} belongs to another user (uid ${uid}, we are uid ${us}): start as ` +
    'that user or as root, or set another DATA_DIR')
}

async function ownerOf (directory: string): Promise<NonNullable<Owner>> {
  const { uid, gid } = await stat(clusterOf(directory))
  if (uid !== 0) {
    if (await isOpen(directory) && uid !== (await unprivilegedUser()).uid) {
      throw new Error(`Anybody may write in ${directory}, and the database there belongs to the user with uid ${uid}: if it is ` +
        `yours, close the directory with "chmod go-w ${directory}"; otherwise set another DATA_DIR`)
    }
    return { uid, gid, name: await userName(uid) }
  }
  const user = await unprivilegedUser()
  throw new Error(`The database in ${directory} belongs to root, as whom PostgreSQL refuses to run: give it back ` +
    `with "chown -R ${user.name} ${clusterOf(directory)}"`)
}

async function mustReach (directory: string, owner: NonNullable<Owner>) {
  if (await canEnter(path.dirname(directory), owner)) return
  throw new Error(`The user ${owner.name}, to whom the database in ${directory} belongs, cannot get there: allow it ` +
    `to enter ${path.dirname(directory)} and the directories above, or move the database`)
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

/** In a directory that everybody may write, somebody else could have put something of theirs under our name. */
function isBelowRoots (directory: string): boolean {
  try {
    const parent = lstatSync(path.dirname(directory))
    return parent.isDirectory() && parent.uid === 0
  } catch {
    return false
  }
}

/** A directory of root's in which others may put what they like. */
async function isOpen (directory: string): Promise<boolean> {
  const { uid, gid, mode } = await stat(directory)
  return uid === 0 && ((mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0))
}

/**
 * Refuses a directory that belongs neither to root, nor to us, nor to the database's user, and one in which somebody else
 * has put something under a name of ours: we would run it, or tell it the password. Links are looked at themselves.
 */
async function refuseStrangers (directory: string, owner: Owner) {
  // Windows has no such users
  if (process.geteuid === undefined) return
  const trusted = [0, process.geteuid(), ...(owner ? [owner.uid] : [])]
  const { uid } = await lstat(directory)
  if (!trusted.includes(uid)) {
    throw new Error(`The directory ${directory} belongs to another user (uid ${uid}), who could put programs there for this one ` +
      `to run: set DATA_DIR to a directory of your own, or take this one over with "chown ${process.geteuid()} ${directory}"`)
  }
  for (const name of await readdir(directory)) {
    // the copy of the programs is looked at, and made anew, where they are prepared
    if (!OURS.some((known) => known.test(name)) || COPY.test(name)) continue
    const file = path.join(directory, name)
    const of = await lstat(file).then((found) => found.uid, () => undefined)
    if (of === undefined || trusted.includes(of)) continue
    throw new Error(`${file} was put there by another user (uid ${of}): remove it if you do not know it, or set another DATA_DIR`)
  }
}

/** As refuseStrangers, for somebody who only looks for the database that is there. */
export async function refuseStrangersOf (directory: string) {
  const { uid, gid } = await stat(clusterOf(directory))
  await refuseStrangers(directory, { uid, gid, name: String(uid) })
}

async function prepare (directory: string, owner: Owner): Promise<ClusterLocation> {
  await explained(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o755 })
    await refuseForeign(directory)
    await refuseStrangers(directory, owner)
    const { uid } = await stat(directory)
    if (owner && uid !== owner.uid) {
      // Root keeps the directory itself: the database's user passes through but cannot swap what root writes there.
      await chown(directory, 0, owner.gid)
      await chmod(directory, 0o710)
    } else {
      await chmod(directory, 0o700).catch((error) => {
        // A directory that belongs to somebody else but lets us write: the cluster inside is closed all the same.
        if (codeOf(error) !== 'EPERM') throw error
      })
    }
    await access(directory, constants.W_OK | constants.X_OK)
    // once more, now that nobody else can get in
    await refuseStrangers(directory, owner)
  })
  return { directory, owner }
}

/** Turns the system's refusals into a sentence that says what to do. */
async function explained (directory: string, work: () => Promise<void>) {
  try {
    await work()
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    const owner = await stat(directory).then(({ uid }) => uid, () => undefined)
    const others = owner !== undefined && owner !== process.geteuid?.()
    const why = code === 'EEXIST' || code === 'ENOTDIR'
      ? 'it is, or lies below, something that is no directory'
      : code + (others ? `, it belongs to the user with uid ${owner}` : '')
    throw new Error(`Cannot keep the database in ${directory} (${why}): set DATA_DIR to a directory that this user ` +
      'may write, or set DATABASE_URL', { cause: error })
  }
}

const COPY = /^binaries-/
const OURS = [/^password$/, /^postgres\.log$/, /^postgresql(?:\.new-.*)?$/, COPY, new RegExp(`^${lockPrefix}`)]
// What file systems, desktops and version control put into empty directories.
const HARMLESS = [/^lost\+found$/, /^\.DS_Store$/, /^\.gitkeep$/, /^\.gitignore$/]

/** Throws for a directory with somebody else's files in it, before anything there is touched. */
async function refuseForeign (directory: string) {
  if (holdsCluster(directory)) return
  const entries = await readdir(directory).catch((error) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const foreign = entries.filter((name) => ![...OURS, ...HARMLESS].some((known) => known.test(name)))
  if (foreign.length === 0) return
  const what = foreign.includes('PG_VERSION')
    ? 'it is the data directory of another PostgreSQL'
    : `it holds ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', ...' : ''}`
  throw new Error(`The directory ${directory} is not empty and not one of ours (${what}): set DATA_DIR to an empty ` +
    'or new one')
}

function tellMoved (log: Pick<Log, 'info' | 'warn'>, asked: string, directory: string, owner: NonNullable<Owner>) {
  log.info({ asked, directory, user: owner.name },
    'the database lies in another directory: its user cannot get to the one asked for')
}
