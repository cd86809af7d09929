// Programs that scripts run: bounded in time, and what they began ends with them.
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Whether a program can be run here. */
export function has (program, ...args) {
  return spawnSync(program, args.length > 0 ? args : ['--version'], { stdio: 'ignore' }).status === 0
}

/** Runs a program to its end and gives its output back; with `show` it is shown as it comes instead. Throws the last lines (`tell`) of what it said when it fails, or has not ended after `seconds`. */
export async function run (program, args, { cwd = root, env = {}, seconds = 300, show = false, tell = 60 } = {}) {
  // a group of its own, so that whatever it starts can be ended with it
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => { said += chunk })
  let late = false
  const timer = setTimeout(() => {
    late = true
    endGroup(child.pid)
  }, seconds * 1000)
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  }).finally(() => clearTimeout(timer))
  if (late) throw new Error(`${program} ${args.join(' ')} did not end within ${seconds} s\n${lastLines(said, tell)}`)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${lastLines(said, tell)}`)
  return said
}

/** Runs checks one after another; each says why it is skipped, or throws. The exit code is 1 when one failed. */
export async function runChecks (checks) {
  for (const [name, check] of Object.entries(checks)) {
    const began = Date.now()
    try {
      const skipped = await check()
      console.log(skipped ? `skipped: ${name}: ${skipped}` : `passed: ${name} (${Math.round((Date.now() - began) / 1000)} s)`)
    } catch (error) {
      process.exitCode = 1
      console.log(`failed: ${name}: ${error.message}`)
    }
  }
}

function endGroup (pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

function lastLines (text, lines) {
  return text.trim().split('\n').slice(-lines).join('\n')
}
