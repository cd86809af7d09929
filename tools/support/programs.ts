// Servers that a tool starts beside the service. Each writes its output to a file, and all end with the tool.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Owner, spawnOptions } from '../../src/embedded/run-command.ts'

export type Program = { name: string, pid: number, isOver (): boolean, end (signal: NodeJS.Signals): Promise<void> }

type Started = Program & { endsLast: boolean }

export type Programs = ReturnType<typeof openPrograms>

/** Starts programs as `owner`, with a working directory and files of output in `folder`. */
export function openPrograms (folder: string, owner: Owner) {
  const started: Started[] = []
  const further: { resume (): void, kill (): void }[] = []
  const logOf = (name: string): string => join(folder, `${name}.log`)

  return {
    folder, owner,

    /** `endsLast`: the others speak to it while they end. */
    start (name: string, file: string, args: readonly string[], { endsLast = false } = {}): Program {
      const output = openSync(logOf(name), 'a')
      // a group of its own: Ctrl-C in the terminal is for the tool, which then ends all in order
      const child = spawn(file, args, { ...spawnOptions(owner), cwd: folder, detached: true, stdio: ['ignore', output, output] })
      closeSync(output)
      child.on('error', () => {})
      if (child.pid === undefined) throw new Error(`${file} cannot be started.`)
      const program: Started = { name, endsLast, pid: child.pid, isOver: () => isOver(child), end: async (signal) => await end(child, signal) }
      started.push(program)
      return program
    },

    /** Processes that a program has started, and that do not end with it in every case. */
    alsoEnds (processes: { resume (): void, kill (): void }): void {
      further.push(processes)
    },

    /** The last lines that each program wrote. */
    lastWords (lines = 15): string {
      const names = [...new Set(started.map(({ name }) => name))]
      return names.map((name) => `-- ${name}\n${readFileSync(logOf(name), 'utf8').trimEnd().split('\n').slice(-lines).join('\n')}`).join('\n')
    },

    /** Ends them all, in two groups. */
    async endAll (): Promise<void> {
      for (const processes of further) processes.resume()
      for (const last of [false, true]) {
        await Promise.all(started.filter(({ endsLast }) => endsLast === last).map(async (program) => { await program.end('SIGTERM') }))
      }
    },

    /** For the exit of this process, which cannot wait. */
    killAll (): void {
      for (const processes of further) processes.kill()
      for (const program of started) if (!program.isOver()) signalTo(program.pid, 'SIGKILL')
    }
  }
}

/** Sends a signal to a process; false if it is gone. */
export function signalTo (pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** Waits until a condition is true. Throws with `what` when that takes too long. */
export async function until (what: string, seconds: number, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${seconds} s`)
    await sleep(100)
  }
}

function isOver ({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

async function end (child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (isOver(child)) return
  const ended = once(child, 'exit')
  child.kill(signal)
  // one that is stopped takes no signal
  child.kill('SIGCONT')
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await ended
  clearTimeout(timer)
}
