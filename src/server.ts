import { serve } from './process/run.ts'
import { StartError } from './domain/operator-error.ts'

// The process: start, clean stop. The only file with side effects.

const stopping = new AbortController()
// SIGHUP: the terminal was closed
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))

try {
  await serve(process.env, stopping.signal)
} catch (error) {
  if (error !== stopping.signal.reason) {
    const told = error instanceof StartError ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`${told}\n`)
    process.exit(1)
  }
}
process.exit(0)
