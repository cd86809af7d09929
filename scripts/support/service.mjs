// This service as a process of its own, with an embedded database of its own, for scripts that call it from outside.
import '../ensure-built.mjs'
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './run.mjs'

/**
 * Starts it on a free port of the loopback. `killAndRestart` ends it as a power cut would, and starts it again at the same
 * address; `stop` ends it and takes its files away. `errors` are the lines that it logged at level error or above.
 */
export async function startService () {
  const folder = mkdtempSync(join(tmpdir(), 'platform-status-'))
  // the database belongs to another user when this one is root
  chmodSync(folder, 0o755)
  const errors = []
  let running

  async function start (port) {
    running = launch({ DATA_DIR: join(folder, 'data'), PORT: port }, errors)
    return await running.address
  }

  async function stop () {
    await end(running, 'SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    const url = await start('0')
    return {
      url, errors, stop,
      async killAndRestart () {
        await end(running, 'SIGKILL')
        await start(new URL(url).port)
      }
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function launch (env, errors) {
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/server.js'], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  // what it says last is told when it does not start
  const last = []
  child.stderr.on('data', (chunk) => last.push(String(chunk)))
  const ended = new Promise((resolve) => { child.on('close', resolve) })
  const address = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (last.push(line) > 20) last.shift()
      if (!line.startsWith('{')) return
      const { msg, level, address } = JSON.parse(line)
      if (msg === 'ready') resolve(address)
      if (level === 'error' || level === 'fatal') errors.push(line)
    })
    ended.then((code) => reject(new Error(`the service ended with ${code}:\n${last.join('\n')}`)))
  })
  return { child, ended, address }
}

async function end ({ child, ended }, signal) {
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(timer)
}
