import { OperatorError } from './domain/operator-error.ts'
import { runService } from './process/run.ts'
import { safeLines } from './terminal/safe-text.ts'

// The process: start, clean stop. The only file with side effects.

const stopping = new AbortController()
// SIGHUP: the terminal was closed
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))

try {
  await runService(process.env, stopping.signal)
} catch (error) {
  if (error !== stopping.signal.reason) {
    const told = error instanceof OperatorError ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`${safeLines(String(told))}\n`)
    process.exit(1)
  }
}
process.exit(0)
