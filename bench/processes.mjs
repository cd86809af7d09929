// The processes that are measured, each by itself as in production; what they hold in memory.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The service as it is deployed, on a database; its log goes nowhere, but is written. */
export async function startService (databaseUrl, env = {}) {
  return await started('service', ['--enable-source-maps', 'dist/server.js'], { DATABASE_URL: databaseUrl, PORT: '0', ...env })
}

/** The hand-written reference on the same database. */
export async function startReference (databaseUrl, env = {}) {
  return await started('reference', ['bench/reference/server.mjs'], { DATABASE_URL: databaseUrl, ...env })
}

/** Runs a node program until it says that it is ready: `{ name, address, pid, stop }`. */
export async function started (name, args, env) {
  const child = spawn(process.execPath, args, {
    cwd: root, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }, stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'close')
  const ready = new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      const said = line.startsWith('{') ? JSON.parse(line) : {}
      if (said.msg !== 'ready') return
      lines.removeAllListeners('line')
      resolve(said.address)
    })
    ended.then(([code]) => reject(new Error(`${name} ended with ${code} before it was ready`)))
  })
  const address = await ready
  // what it logs from now on is taken and dropped
  child.stdout.resume()
  return {
    name,
    address,
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    }
  }
}

/** Processor time that a process has used, in milliseconds; null when this system does not tell. */
export function processorMs (pid) {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13)
    return (Number(user) + Number(system)) * 10
  } catch {
    return null
  }
}

/** Resident memory of a process in MiB; null when this system does not tell. */
export function residentMiB (pid) {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
  } catch {
    const kib = Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout)
    return kib > 0 ? kib / 1024 : null
  }
}
