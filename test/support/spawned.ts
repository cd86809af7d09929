import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { isSameProcess } from '../../src/embedded/processes.ts'
import { projectRoot } from '../../src/project-root.ts'
import type { Line } from './logged.ts'
import { plain } from './plain-process.ts'

/** The real server as a process of its own. */
export type Spawned = {
  pid: number
  /** Everything it has logged so far. */
  lines: Line[]
  /** Waits for the first line with this message. Rejects if the process ends before. */
  says (message: string): Promise<Line>
  /** Waits until it is ready, and returns its URL. */
  ready (): Promise<string>
  signal (name: NodeJS.Signals): void
  ended: Promise<{ code: number | null, signal: NodeJS.Signals | null, stderr: string }>
}

/** Starts dist/src/server.js (or another command) with just these variables; killed when the test ends, if it still runs. */
export function aProcess (t: Test, env: Record<string, string>, command: readonly [string, ...string[]] = [process.execPath, '--enable-source-maps', 'dist/src/server.js']): Spawned {
  const [program, ...args] = plain(...command)
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
    // npm first prints the command.
    if (line.startsWith('{')) lines.push(JSON.parse(line) as Line)
    for (const check of waiting) check()
  })
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode, stderr }))
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })

  async function says (message: string): Promise<Line> {
    return await new Promise((resolve, reject) => {
      function check (): void {
        const found = lines.find(({ msg }) => msg === message)
        if (found === undefined) return
        waiting.delete(check)
        resolve(found)
      }
      waiting.add(check)
      check()
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

/** Whether a process with this pid is running. */
export function isRunning (pid: number): boolean {
  return isSameProcess(pid, 'unknown')
}
