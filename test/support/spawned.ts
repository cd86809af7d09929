import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { isSameProcess } from '../../src/embedded/processes.ts'
import { projectRoot } from '../../src/project-root.ts'
import type { Line } from './logged.ts'

/** The real server as a process of its own. */
export type Spawned = {
  pid: number
  /** All that it has logged so far. */
  lines: Line[]
  /** The first line with this message, waited for; rejects when the process ends without it. */
  says (message: string): Promise<Line>
  /** The address that it is ready at. */
  ready (): Promise<string>
  signal (name: NodeJS.Signals): void
  ended: Promise<{ code: number | null, signal: NodeJS.Signals | null, stderr: string }>
}

/** Starts dist/src/server.js (or another command) with just these variables; killed when the test ends, if it still runs. */
export function aProcess (t: Test, env: Record<string, string>, command: readonly [string, ...string[]] = [process.execPath, '--enable-source-maps', 'dist/src/server.js']): Spawned {
  const [program, ...args] = command
  const child = spawn(program, args, {
    cwd: projectRoot,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
  const read = createInterface({ input: child.stdout })
  read.on('line', (line) => {
    // npm says first what it runs
    if (line.startsWith('{')) lines.push(JSON.parse(line) as Line)
    for (const look of waiting) look()
  })
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode, stderr }))
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })

  async function says (message: string): Promise<Line> {
    return await new Promise((resolve, reject) => {
      function look (): void {
        const found = lines.find(({ msg }) => msg === message)
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
      void ended.then(({ code }) => reject(new Error(`ended with ${code} before it said "${message}": ${stderr}`)))
    })
  }

  return {
    pid: child.pid ?? 0,
    lines,
    says,
    ready: async () => (await says('ready')).address as string,
    signal: (name) => { child.kill(name) },
    ended
  }
}

/** Whether this process is still there. */
export function isRunning (pid: number): boolean {
  return isSameProcess(pid, 'unknown')
}
