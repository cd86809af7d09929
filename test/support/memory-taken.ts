import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose_gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Whether the kernel tells the most memory that a process had since a moment (Linux: `clear_refs` and `VmHWM`). */
export const canTellMemory = process.platform === 'linux'

/** How many MiB of resident memory the process took at most beyond what it had, while `run` ran. Garbage that was not collected counts. */
export async function memoryTaken (run: () => Promise<unknown>): Promise<number> {
  collectGarbage()
  await sleep(5)
  // 5: the most memory counts from now on
  writeFileSync('/proc/self/clear_refs', '5')
  const before = residentMiB('VmRSS')
  await run()
  return residentMiB('VmHWM') - before
}

function residentMiB (what: 'VmRSS' | 'VmHWM'): number {
  const kib = new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]!
  return Math.round(Number(kib) / 1024)
}
