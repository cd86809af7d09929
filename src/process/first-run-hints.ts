import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Log } from '../domain/log.ts'

import { projectRoot } from '../project-root.ts'
const examples = join(projectRoot, 'examples')
const preferred = 'uppsala_cage2.yaml'

/** Logs the first things to do with an empty lab. `address` is the URL of the service on this machine. */
export function logFirstRunHints (log: Pick<Log, 'info'>, address: string): void {
  log.info({ command: `curl -T ${exampleFile()} -H Content-Type:application/yaml ${address}/api/lab/config` }, 'the lab is empty: load its file, for example with this command')
  log.info({ command: `curl ${address}/api/lab` }, 'then show the lab')
  log.info({ open: `${address}/docs` }, 'all calls are documented here')
}

/** The relative path of a lab file in the folder, quoted for a shell; `your-lab.yaml` if there is none. */
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
