import { spawn } from 'node:child_process'
import path from 'node:path'

/** The operating system user that owns a cluster and runs its programs; undefined stands for our own user. */
export type Owner = { uid: number, gid: number, name: string } | undefined

/** What a program left behind: its exit code (null when a signal ended it) and the end of what it printed. */
export type CommandResult = { code: number | null, output: string }

const KEPT_OUTPUT = 8_000

// Only what a program needs to be found and loaded. Anything else would leak our secrets to the database's own user,
// and PG* variables (PGDATA, PGPORT, PGOPTIONS, ...) of somebody's shell would bend initdb and postgres.
const KEPT_VARIABLES = ['PATH', 'LD_LIBRARY_PATH', 'NIX_LD', 'NIX_LD_LIBRARY_PATH', 'SystemRoot', 'TEMP', 'TMP']

/** Spawn options of everything that runs as the database's user: a fixed locale and time zone, a reachable cwd. */
export function spawnOptions (owner: Owner) {
  const env: NodeJS.ProcessEnv = { LC_ALL: 'C', TZ: 'UTC' }
  for (const name of KEPT_VARIABLES) if (process.env[name] !== undefined) env[name] = process.env[name]
  return {
    env,
    // Our own working directory may be one that the database's user cannot enter.
    cwd: path.parse(process.execPath).root,
    windowsHide: true,
    // libuv drops the supplementary groups as well when it changes the user. It takes signed numbers; macOS calls
    // nobody 4294967294, which is -2.
    ...(owner && { uid: owner.uid | 0, gid: owner.gid | 0 })
  }
}

/** Runs a program to its end, without a shell. Rejects only when it cannot be started (EACCES, ENOENT, EPERM, ...). */
export function runCommand (command: string, args: string[], owner?: Owner): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...spawnOptions(owner), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk: Buffer) => { output = (output + chunk.toString()).slice(-KEPT_OUTPUT) }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** The code of a system error (ENOENT, EACCES, ...), or undefined for anything else. */
export function codeOf (error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
