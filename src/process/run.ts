import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { readConfig } from '../config.ts'

/** Runs the service with these variables until `signal` aborts, then stops it. Throws an OperatorError if it cannot start. */
export async function runService (env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<void> {
  const config = readConfig(env)
  // Loaded here, so that a signal during loading is handled: loading takes longer than starting.
  const [{ openLogger, standardOutput }, { start }] = await Promise.all([import('./logger.ts'), import('./start.ts')])
  const log = openLogger(config.logLevel, await standardOutput(config.logFormat))
  const running = await start({ config, log, signal })
  collectGarbageEarlier()
  if (!signal.aborted) await once(signal, 'abort')
  log.info({ signal: signal.reason as string }, 'stopping')
  await running.stop()
  log.info('stopped')
}

// Makes V8 collect garbage when the heap has grown by half. The service uses 40 MB; by default, V8 waits until the heap has
// 150 MB or more (`npm run test:soak`). V8 reads this flag again at each collection.
function collectGarbageEarlier (): void {
  setFlagsFromString('--heap-growing-percent=50')
}
