import { randomBytes } from 'node:crypto'
import { chown, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Binaries } from './binaries.ts'
import { clusterOf, type ClusterLocation } from './data-directory.ts'
import { codeOf, runCommand } from './run-command.ts'

export const databaseUser = 'platform_status'

// Without a locale in the environment, initdb would create a SQL_ASCII database.
const initdbFlags = [
  '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--auth=scram-sha-256',
  `--username=${databaseUser}`
]

const incompletePrefix = 'postgresql.new-'

/** Creates the cluster under a temporary name, then renames it, so that an interrupted start leaves no incomplete cluster. */
export async function createCluster (options: { place: ClusterLocation, binaries: Binaries, sync: boolean }) {
  const { place, binaries, sync } = options
  const { directory, owner } = place
  await removeIncomplete(directory)
  const fresh = path.join(directory, incompletePrefix + randomBytes(4).toString('hex'))
  try {
    await mkdir(fresh, { mode: 0o700 })
    const password = await writePassword(place)
    if (owner) await chown(fresh, owner.uid, owner.gid)
    const { code, output } = await runCommand(binaries.initdb,
      ['-D', fresh, ...initdbFlags, `--pwfile=${password}`, ...(sync ? [] : ['--no-sync'])], owner)
    if (code !== 0) throw new Error(`PostgreSQL could not create its database in ${directory}: ${lastLines(output)}`)
    await rename(fresh, clusterOf(directory))
    await syncDirectory(directory)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    throw error
  }
}

/** Reads the password of the only role of the cluster. */
export async function readPassword (directory: string): Promise<string> {
  try {
    return (await readFile(passwordFile(directory), 'utf8')).trim()
  } catch (error) {
    throw new Error(`The password of the database cannot be read (${codeOf(error)}: ${passwordFile(directory)}): restore ` +
      'the file, or move the directory away to start with an empty database', { cause: error })
  }
}

/** Throws an Error if the cluster has another major version than the installed PostgreSQL, which then cannot open it. */
export async function checkVersion (directory: string, installed: number) {
  const version = Number.parseInt(await readFile(path.join(clusterOf(directory), 'PG_VERSION'), 'utf8'), 10)
  if (version === installed) return
  throw new Error(`The database in ${directory} was created by PostgreSQL ${version}, but PostgreSQL ${installed} is ` +
    'installed, which cannot open it. Install the version of platform-status that created it and run "npm run backup -- FILE"; ' +
    'then install this one again, move the directory away, and run "npm run restore -- FILE". Or start with an empty ' +
    'database in another DATA_DIR')
}

/** The last lines of a text, for an error message. */
export function lastLines (text: string, count = 10): string {
  return text.trim().split('\n').slice(-count).join('\n')
}

async function writePassword ({ directory, owner }: ClusterLocation): Promise<string> {
  const name = passwordFile(directory)
  await rm(name, { force: true })
  const file = await open(name, 'wx', 0o600)
  try {
    await file.writeFile(randomBytes(24).toString('hex') + '\n')
    // initdb runs as this user, and reads the file.
    if (owner) await file.chown(owner.uid, owner.gid)
    await file.sync()
  } finally {
    await file.close()
  }
  return name
}

function passwordFile (directory: string): string {
  return path.join(directory, 'password')
}

async function removeIncomplete (directory: string) {
  for (const name of await readdir(directory)) {
    // An initdb whose parent was killed may still write here. Then the next start removes the rest.
    if (name.startsWith(incompletePrefix)) {
      await rm(path.join(directory, name), { recursive: true, force: true }).catch(() => undefined)
    }
  }
}

/** Makes a rename survive a power failure. Windows cannot sync a directory, and does not need to. */
async function syncDirectory (directory: string) {
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
