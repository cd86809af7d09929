// The service as a process of its own with an embedded database of its own, for tools that call it over HTTP.
import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { projectRoot } from '../../src/project-root.ts'

export type RunningService = {
  url: string
  /** Where its database has its files. */
  dataDir: string
  /** The lines that it logged at level error or fatal. */
  errors: string[]
  /** Ends the process and deletes its files. */
  stop (): Promise<void>
  /** Ends the process as a power cut would, and starts it again at the same address. */
  killAndRestart (): Promise<void>
}

type Launched = { child: ChildProcess, ended: Promise<number | null>, address: Promise<string> }

type LogLine = { msg: string, level: string, address: string }

/** Starts it on a free port of the loopback interface, with these environment variables. */
export async function startService (env: Record<string, string> = {}): Promise<RunningService> {
  const folder = mkdtempSync(join(tmpdir(), 'platform-status-'))
  // when this process is root, the database belongs to another user
  chmodSync(folder, 0o755)
  const errors: string[] = []
  const dataDir = join(folder, 'data')
  const start = (port: string): Launched => launch({ ...env, DATA_DIR: dataDir, PORT: port }, errors)
  let running = start('0')

  async function stop (): Promise<void> {
    await end(running, 'SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }

  try {
    const url = await running.address
    return {
      url, dataDir, errors, stop,
      async killAndRestart () {
        await end(running, 'SIGKILL')
        running = start(new URL(url).port)
        await running.address
      }
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function launch (env: Record<string, string>, errors: string[]): Launched {
  const child = spawn(process.execPath, ['--enable-source-maps', 'dist/src/server.js'], {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  // quoted when the service does not start
  const last: string[] = []
  child.stderr.on('data', (chunk: Buffer) => last.push(chunk.toString()))
  const ended = new Promise<number | null>((resolve) => { child.on('close', resolve) })
  const address = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (last.push(line) > 20) last.shift()
      if (!line.startsWith('{')) return
      const { msg, level, address } = JSON.parse(line) as LogLine
      if (msg === 'ready') resolve(address)
      if (level === 'error' || level === 'fatal') errors.push(line)
    })
    void ended.then((code) => reject(new Error(`the service ended with ${code}:\n${last.join('\n')}`)))
  })
  return { child, ended, address }
}

async function end ({ child, ended }: Launched, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await ended
  clearTimeout(timer)
}
