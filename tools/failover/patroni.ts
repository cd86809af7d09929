// Patroni in a virtual environment, with a Python that the user of the database may run.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type Owner, spawnOptions } from '../../src/embedded/run-command.ts'
import { projectRoot } from '../../src/project-root.ts'
import { messageOf } from '../support/checks.ts'
import { Lacking } from '../support/packages.ts'
import { run } from '../support/run.ts'

const whereIfAble = 'import sys, venv, ensurepip; print(sys.executable) if sys.version_info >= (3, 10) else sys.exit(1)'

/** A Python that this user may run and that can make environments. */
export function findPythonFor (owner: Owner): string | null {
  // its path, because another user may find another one by the same name
  const { status, stdout } = spawnSync('python3', ['-c', whereIfAble], { ...spawnOptions(owner), encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

/** Installs what deploy/patroni/requirements.txt pins, and returns the program. */
export async function installPatroni (folder: string, python: string): Promise<string> {
  try {
    await run(python, ['-m', 'venv', folder], { seconds: 60 })
    const requirements = join(projectRoot, 'deploy', 'patroni', 'requirements.txt')
    await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements], { seconds: 240, quote: 5 })
  } catch (error) {
    throw new Lacking(`Patroni cannot be installed with pip: ${messageOf(error)}`)
  }
  return join(folder, 'bin', 'patroni')
}
