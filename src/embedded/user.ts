import { readFile } from 'node:fs/promises'
import { runCommand, type Owner } from './run-command.ts'

/** The user `postgres` if it exists (only PostgreSQL runs as it), otherwise `nobody`. Throws an Error if neither exists. */
export async function unprivilegedUser (): Promise<NonNullable<Owner>> {
  for (const name of ['postgres', 'nobody']) {
    const ids = await idsOf(name)
    if (ids && ids.uid !== 0) return { ...ids, name }
  }
  throw new Error('PostgreSQL refuses to run as root, and neither the user postgres nor nobody exists: start as ' +
    'an ordinary user, or set DATABASE_URL')
}

/**
 * Whether a user can enter a directory. Tries it as that user, because modes alone are not enough (access lists, network file
 * systems, containers).
 */
export async function canEnter (directory: string, owner: NonNullable<Owner>): Promise<boolean> {
  try {
    return (await runCommand('/bin/sh', ['-c', 'test -x "$1/."', 'sh', directory], owner)).code === 0
  } catch (error) {
    throw new Error(`PostgreSQL refuses to run as root, and this process may not switch to the user ${owner.name}: ` +
      'start as an ordinary user, or set DATABASE_URL', { cause: error })
  }
}

/** The name of a user; the uid as text if there is none. */
export async function userName (uid: number): Promise<string> {
  const { code, output } = await runCommand('id', ['-un', String(uid)]).catch(() => ({ code: null, output: '' }))
  return code === 0 ? output.trim() : String(uid)
}

async function idsOf (name: string): Promise<{ uid: number, gid: number } | undefined> {
  try {
    // `id` also finds users that are not in /etc/passwd.
    const [uid, gid] = [await runCommand('id', ['-u', name]), await runCommand('id', ['-g', name])]
    if (uid.code !== 0 || gid.code !== 0) return undefined
    return { uid: Number(uid.output) >>> 0, gid: Number(gid.output) >>> 0 }
  } catch {
    const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'))
    const line = lines.find(([user]) => user === name)
    return line && { uid: Number(line[2]) >>> 0, gid: Number(line[3]) >>> 0 }
  }
}
