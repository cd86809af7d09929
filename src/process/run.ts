import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { readConfig } from '../config.ts'

/** Runs the service with this environment until `signal` aborts, and stops it cleanly. Throws a OperatorError when it cannot start. */
export async function runService (env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
  const config = readConfig(env)
  // a stop that comes while these load must be heard: they take longer to load than to start
  const [{ openLogger }, { start }] = await Promise.all([import('./logger.ts'), import('./start.ts')])
  const log = openLogger(config.logLevel)
  const running = await start({ config, log, signal })
  collectEarlier()
  if (!signal.aborted) await once(signal, 'abort')
  log.info({ signal: signal.reason as string }, 'stopping')
  await running.stop()
  log.info('stopped')
}

// Garbage is collected when the heap has grown by half: 40 MB are in use, and left to itself V8 waits until it is 150 or more
// (`npm run test:soak`). It reads this anew at each collection.
function collectEarlier (): void {
  setFlagsFromString('--heap-growing-percent=50')
}
