import { readFile } from 'node:fs/promises'
import { runCommand, type Owner } from './run-command.ts'

/** `postgres` where there is one (nothing else runs under that name), else `nobody`, which every system has. */
export async function unprivilegedUser (): Promise<NonNullable<Owner>> {
  for (const name of ['postgres', 'nobody']) {
    const ids = await idsOf(name)
    if (ids && ids.uid !== 0) return { ...ids, name }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as: start as ' +
    'an ordinary user, or set DATABASE_URL')
}

/** Asks the system itself, as that user: modes alone do not tell (access lists, network file systems, containers). */
export async function canEnter (directory: string, owner: NonNullable<Owner>): Promise<boolean> {
  try {
    return (await runCommand('/bin/sh', ['-c', 'test -x "$1/."', 'sh', directory], owner)).code === 0
  } catch (error) {
    throw new Error(`PostgreSQL refuses to run as root, and this process may not become the user ${owner.name}: ` +
      'start as an ordinary user, or set DATABASE_URL', { cause: error })
  }
}

/** The name that goes with a uid, or the uid itself where it has none. */
export async function userName (uid: number): Promise<string> {
  const { code, output } = await runCommand('id', ['-un', String(uid)]).catch(() => ({ code: null, output: '' }))
  return code === 0 ? output.trim() : String(uid)
}

async function idsOf (name: string): Promise<{ uid: number, gid: number } | undefined> {
  try {
    // Asks the system, which may know users from elsewhere than /etc/passwd.
    const [uid, gid] = [await runCommand('id', ['-u', name]), await runCommand('id', ['-g', name])]
    if (uid.code !== 0 || gid.code !== 0) return undefined
    return { uid: Number(uid.output) >>> 0, gid: Number(gid.output) >>> 0 }
  } catch {
    const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'))
    const line = lines.find(([user]) => user === name)
    return line && { uid: Number(line[2]) >>> 0, gid: Number(line[3]) >>> 0 }
  }
}
