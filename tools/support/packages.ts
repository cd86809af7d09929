// Programs beside Node that tools need: where they are, and how they come from Debian's packages.
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { messageOf } from './checks.ts'
import { has, run } from './run.ts'

/** The exit code of a check that was left out, because this machine lacks something. It says what, in a line that begins with `skipped:`. */
export const leftOut = 77

/** What a check cannot do without, in words. */
export class Lacking extends Error {}

const debianServers = '/usr/lib/postgresql'

/** The path of a program: on PATH, or where servers are that only root starts. */
export function findProgram (name: string): string | null {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin'].map((folder) => join(folder, name)).find(isExecutable) ?? null
}

/** The folder with the programs of a PostgreSQL server of version 15 or newer, the newest if there are several. */
export function findPostgres (): string | null {
  const [newest] = versionsOf(debianServers).filter((version) => version >= 15).toSorted((a, b) => b - a)
  return newest === undefined ? null : join(debianServers, String(newest), 'bin')
}

/** Finds things; what is missing is installed where this process may, and looked for again. Throws `Lacking` with the packages that are still missing. */
export async function findOrInstall<Name extends string> (wanted: Record<Name, { find: () => string | null, package: string }>): Promise<Record<Name, string>> {
  const names = Object.keys(wanted) as Name[]
  const missing = (): string[] => names.filter((name) => wanted[name].find() === null).map((name) => wanted[name].package)
  if (missing().length > 0) await install(missing())
  if (missing().length > 0) throw new Lacking(`install ${missing().join(', ')} (Debian's names), or run this as root where apt-get may install them`)
  return Object.fromEntries(names.map((name) => [name, wanted[name].find()!])) as Record<Name, string>
}

async function install (packages: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0 || !has('apt-get')) return
  try {
    await run('apt-get', ['update', '-qq'], { seconds: 120 })
    await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { seconds: 240, quote: 5, env: { DEBIAN_FRONTEND: 'noninteractive' } })
  } catch (error) {
    console.log(messageOf(error))
  }
}

function isExecutable (file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function versionsOf (folder: string): number[] {
  try {
    return readdirSync(folder).filter((name) => isExecutable(join(folder, name, 'bin', 'postgres'))).map(Number)
  } catch {
    return []
  }
}
