import { once } from 'node:events'
import { readConfig } from './config.ts'
import { StartError } from './start-error.ts'

// The process: configuration, start, clean stop. The only file with side effects.

const stopping = new AbortController()
// SIGHUP: the terminal was closed. What is loaded after this takes longer to load than to start.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))

async function serve (): Promise<void> {
  const config = readConfig(process.env)
  const [{ openLog }, { start }] = await Promise.all([import('./log.ts'), import('./boot.ts')])
  const log = openLog(config.logLevel)
  const running = await start({ config, log, signal: stopping.signal })
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  log.info({ signal: stopping.signal.reason as string }, 'stopping')
  await running.stop()
  log.info('stopped')
}

try {
  await serve()
} catch (error) {
  if (error !== stopping.signal.reason) {
    const told = error instanceof StartError ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`${told}\n`)
    process.exit(1)
  }
}
process.exit(0)
