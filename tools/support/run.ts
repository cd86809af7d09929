// Programs that tools run. Each has a time limit, and what it starts ends with it.
import { spawn, spawnSync } from 'node:child_process'
import { projectRoot } from '../../src/project-root.ts'

type RunOptions = {
  cwd?: string
  /** Added to the variables of this process. */
  env?: Record<string, string>
  /** The time limit. */
  seconds?: number
  /** How many lines of the output an error quotes. */
  quote?: number
}

/** Whether a program can be run here. */
export function has (program: string, ...args: string[]): boolean {
  return spawnSync(program, args.length > 0 ? args : ['--version'], { stdio: 'ignore' }).status === 0
}

/** Runs a program to its end and returns its output. Throws with the last lines of the output if it fails or takes too long. */
export async function run (program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { cwd = projectRoot, env = {}, seconds = 300, quote = 60 } = options
  // a process group of its own, so that whatever it starts can be ended with it
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort()
    if (child.pid !== undefined) killGroup(child.pid)
  }, seconds * 1000)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => clearTimeout(timer))
  const command = [program, ...args].join(' ')
  if (late.signal.aborted) throw new Error(`${command} did not end within ${seconds} s\n${lastLines(output, quote)}`)
  if (status !== 0) throw new Error(`${command} ended with ${status}\n${lastLines(output, quote)}`)
  return output
}

function killGroup (pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

function lastLines (text: string, lines: number): string {
  return text.trim().split('\n').slice(-lines).join('\n')
}
