import { once } from 'node:events'
import { pino } from 'pino'
import { readConfig } from './config.ts'
import { StartError } from './start-error.ts'

// The process: configuration, start, clean stop. The only file with side effects.

const stopping = new AbortController()
// SIGHUP: the terminal was closed. Signals are heard before the rest is loaded, which takes longer than all else here.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))

async function serve (): Promise<void> {
  const config = readConfig(process.env)
  const { start } = await import('./boot.ts')
  const log = pino({ level: config.logLevel, redact: ['req.headers.authorization'] })
  const running = await start({ config, log, signal: stopping.signal })
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  log.info({ signal: stopping.signal.reason as string }, 'stopping')
  await running.stop()
  log.info('stopped')
}

try {
  await serve()
  process.exit(0)
} catch (error) {
  if (stopping.signal.aborted && error === stopping.signal.reason) process.exit(0)
  const told = error instanceof StartError ? error.message : error instanceof Error ? error.stack : String(error)
  process.stderr.write(`${told}\n`)
  process.exit(1)
}
