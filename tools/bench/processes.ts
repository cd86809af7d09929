// The processes that are measured, each by itself as in production.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { projectRoot } from '../../src/project-root.ts'

/** A server that is measured. */
export type Subject<Name extends string = string> = { name: Name, address: string, pid: number, stop (): Promise<void> }

type LogLine = { msg?: string, address?: string }

/** The service as it is deployed, on a database. It writes its log, which is dropped. */
export async function startMeasuredService (databaseUrl: string, env: Record<string, string> = {}): Promise<Subject<'service'>> {
  return await started('service', ['--enable-source-maps', 'dist/src/server.js'], { DATABASE_URL: databaseUrl, PORT: '0', ...env })
}

/** The hand-written reference, on the same database. */
export async function startReference (databaseUrl: string): Promise<Subject<'reference'>> {
  return await started('reference', ['dist/bench/reference/server.js'], { DATABASE_URL: databaseUrl })
}

/** Starts a node program and waits until it logs that it is ready. */
export async function started<Name extends string> (name: Name, args: readonly string[], env: Record<string, string>): Promise<Subject<Name>> {
  const child = spawn(process.execPath, args, {
    cwd: projectRoot, env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }, stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = once(child, 'close') as Promise<[code: number | null]>
  const address = await new Promise<string>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      const { msg, address } = (line.startsWith('{') ? JSON.parse(line) : {}) as LogLine
      if (msg !== 'ready' || address === undefined) return
      lines.removeAllListeners('line')
      resolve(address)
    })
    void ended.then(([code]) => reject(new Error(`${name} ended with ${code} before it was ready`)))
  })
  // what it logs from now on is read and dropped
  child.stdout.resume()
  return {
    name,
    address,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    }
  }
}
