import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Log } from '../domain/log.ts'

import { projectRoot } from '../project-root.ts'
const examples = join(projectRoot, 'examples')
const preferred = 'uppsala_cage2.yaml'

/** Tells whoever has just started an empty service what to do with it. `address` is its URL, as reached from this machine. */
export function logFirstRunHints (log: Pick<Log, 'info'>, address: string): void {
  log.info({ run: `curl -T ${exampleFile()} -H Content-Type:application/yaml ${address}/api/lab/config` }, 'the lab is empty: load its file, for example')
  log.info({ run: `curl ${address}/api/lab` }, 'then look at it')
  log.info({ open: `${address}/docs` }, 'all calls are described there')
}

/** A lab file that lies in the folder, as one would type it from here; or a name that says what it should be. */
export function exampleFile (folder = examples): string {
  const files = readdirIfThere(folder).filter((name) => name.endsWith('.yaml')).sort()
  const chosen = files.includes(preferred) ? preferred : files[0]
  if (chosen === undefined) return 'your-lab.yaml'
  const path = relative(process.cwd(), join(folder, chosen))
  return /^[\w./-]+$/.test(path) ? path : `'${path}'`
}

function readdirIfThere (directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
