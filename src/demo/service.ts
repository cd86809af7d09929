import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The service as a process of its own: where it answers, and the promise of its exit code. */
export type Service = { address: Promise<string>, ended: Promise<number>, stop (): void }

const warning = 40

/** Starts the service as `npm start` does; its warnings go to stderr. `address` fails when it ends before it is ready. */
export function startService (env: NodeJS.ProcessEnv): Service {
  const server = fileURLToPath(new URL('../server.js', import.meta.url))
  const child = spawn(process.execPath, ['--enable-source-maps', server], { env: { ...env, LOG_LEVEL: 'info' }, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)))
  return { address: addressOf(child), ended, stop: () => void child.kill('SIGTERM') }
}

function addressOf (child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => reject(new Error('The service did not start.')))
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const address = /\bhttps?:\/\/[\w.:[\]-]+/.exec(line)
      if (address !== null) resolve(address[0])
      const level = Number(/"level":(\d+)/.exec(line)?.[1] ?? 0)
      if (level >= warning) process.stderr.write(`${line}\n`)
    })
  })
}
