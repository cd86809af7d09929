// Python for scripts: an interpreter that is new enough, and environments of their own under node_modules/.cache.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { has, root, run } from './run.mjs'

const oldest = '(3, 10)'
const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']

/** A Python of 3.10 or newer that can make environments; null when there is none. */
export function findPython () {
  return candidates.find((program) => has(program, '-c', `import sys, venv, ensurepip; sys.exit(sys.version_info < ${oldest})`)) ?? null
}

/** What to say where there is none. */
export const noPython = 'Python 3.10 or newer with venv is not installed'

/**
 * The folder of an environment with what these requirement files pin; made once for each content of them. Null when the
 * packages cannot be had, which is told.
 */
export async function environment (name, files) {
  const python = findPython()
  const digest = createHash('sha256').update(await run(python, ['-VV']))
  for (const file of files) digest.update(readFileSync(join(root, file)))
  const folder = join(root, 'node_modules', '.cache', 'platform-status', `${name}-${digest.digest('hex').slice(0, 12)}`)
  const stamp = join(folder, 'complete')
  if (existsSync(stamp)) return folder
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await run(python, ['-m', 'venv', folder], { seconds: 60 })
  try {
    const wanted = files.flatMap((file) => ['-r', join(root, file)])
    await run(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...wanted], { seconds: 300 })
  } catch (error) {
    console.log(error.message)
    return null
  }
  writeFileSync(stamp, '')
  return folder
}
