// The memory and the processor time that a process uses.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Processor time that a process has used, in milliseconds; NaN when this system does not tell. */
export function processorMs (pid: number): number {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13)
    return (Number(user) + Number(system)) * 10
  } catch {
    return NaN
  }
}

/** Resident memory of a process in MiB, rounded; NaN when this system does not tell. */
export function residentMiB (pid: number): number {
  try {
    return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
  } catch {
    return Math.round(Number.parseInt(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout, 10) / 1024)
  }
}
