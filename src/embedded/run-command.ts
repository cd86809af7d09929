import { spawn } from 'node:child_process'
import path from 'node:path'

/** The operating system user that owns a cluster and runs its programs; undefined stands for our own user. */
export type Owner = { uid: number, gid: number, name: string } | undefined

/** The exit code of a program (null if a signal ended it) and the end of its output. */
export type CommandResult = { code: number | null, output: string }

const maxOutputLength = 8_000

// Only the variables needed to find and load a program. Others would leak secrets to the user of the database, and PG*
// variables (PGDATA, PGPORT, PGOPTIONS, ...) would change what initdb and postgres do.
const passedVariables = ['PATH', 'LD_LIBRARY_PATH', 'NIX_LD', 'NIX_LD_LIBRARY_PATH', 'SystemRoot', 'TEMP', 'TMP']

/** Spawn options for programs that run as `owner`: a fixed locale and time zone, and a working directory that all can enter. */
export function spawnOptions (owner: Owner) {
  const env: NodeJS.ProcessEnv = { LC_ALL: 'C', TZ: 'UTC' }
  for (const name of passedVariables) if (process.env[name] !== undefined) env[name] = process.env[name]
  return {
    env,
    // The user of the database may not be able to enter the working directory of this process.
    cwd: path.parse(process.execPath).root,
    windowsHide: true,
    // When libuv changes the user, it also drops supplementary groups. It takes signed numbers: on macOS, nobody is
    // 4294967294, which is -2.
    ...(owner && { uid: owner.uid | 0, gid: owner.gid | 0 })
  }
}

/** Runs a program to its end, without a shell. Rejects only if it cannot be started (EACCES, ENOENT, EPERM, ...). */
export function runCommand (command: string, args: string[], owner?: Owner): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...spawnOptions(owner), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk: Buffer) => { output = (output + chunk.toString()).slice(-maxOutputLength) }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** The code of a system error (ENOENT, EACCES, ...); undefined for other values. */
export function codeOf (error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
