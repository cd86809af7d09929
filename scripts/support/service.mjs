// This service as a process of its own, with an embedded database of its own, for scripts that call it from outside.
import '../ensure-built.mjs'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './run.mjs'

/** Starts it on a free port of the loopback; `stop` ends it and takes its files away. */
export async function startService () {
  const folder = mkdtempSync(join(tmpdir(), 'platform-status-'))
  // the database belongs to another user when this one is root
  chmodSync(folder, 0o755)
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/server.js'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, HOST: '127.0.0.1', PORT: '0', DATA_DIR: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  // what it says last is told when something goes wrong; errors are kept apart, since requests push them out
  const last = []
  const errors = []
  let stderr = ''
  child.stderr.on('data', (chunk) => { stderr += chunk })
  const ended = new Promise((resolve) => { child.on('close', resolve) })
  const address = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (last.push(line) > 20) last.shift()
      if (!line.startsWith('{')) return
      const { msg, level, address } = JSON.parse(line)
      if (msg === 'ready') resolve(address)
      if (level === 'error' || level === 'fatal') errors.push(line)
    })
    ended.then((code) => reject(new Error(`the service ended with ${code}: ${stderr}${last.join('\n')}`)))
  })

  async function stop () {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await ended
    clearTimeout(timer)
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    return { url: await address, errors, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
