// Python for tools: an interpreter that is new enough, and virtual environments under node_modules/.cache.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import { messageOf } from './checks.ts'
import { has, run } from './run.ts'

const oldest = '(3, 10)'
const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']

/** Why a check that needs Python is skipped. */
export const noPython = 'Python 3.10 or newer with venv is not installed'

/** A Python of 3.10 or newer that can create environments; null when there is none. */
export function findPython (): string | null {
  return candidates.find((program) => has(program, '-c', `import sys, venv, ensurepip; sys.exit(sys.version_info < ${oldest})`)) ?? null
}

/**
 * The folder of a virtual environment with what these requirement files pin. It is created once for each content of the files. Null when the
 * packages cannot be installed here; the reason is printed.
 */
export async function environment (name: string, files: readonly string[]): Promise<string | null> {
  const python = findPython()
  if (python === null) throw new Error(noPython)
  const digest = createHash('sha256').update(await run(python, ['-VV']))
  for (const file of files) digest.update(readFileSync(join(projectRoot, file)))
  const folder = join(projectRoot, 'node_modules', '.cache', 'platform-status', `${name}-${digest.digest('hex').slice(0, 12)}`)
  const stamp = join(folder, 'complete')
  if (existsSync(stamp)) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await run(python, ['-m', 'venv', folder], { seconds: 60 })
  try {
    const wanted = files.flatMap((file) => ['-r', join(projectRoot, file)])
    await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...wanted], { seconds: 300 })
  } catch (error) {
    console.log(messageOf(error))
    return null
  }
  writeFileSync(stamp, '')
  return folder
}
