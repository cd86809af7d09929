import { OperatorError } from './domain/operator-error.ts'
import { runService } from './process/run.ts'
import { safeLines } from './terminal/safe-text.ts'

// The entry point of the service: starts it, and stops it cleanly on a signal.

const stopping = new AbortController()
// SIGHUP is sent when the terminal is closed.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))

try {
  await runService(process.env, stopping.signal)
} catch (error) {
  if (error !== stopping.signal.reason) {
    const message = error instanceof OperatorError ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`${safeLines(String(message))}\n`)
    process.exit(1)
  }
}
process.exit(0)
