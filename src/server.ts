import { setFlagsFromString } from 'node:v8'
import { serve } from './serve.ts'
import { StartError } from './start-error.ts'

// The process: start, clean stop. The only file with side effects.

// Collect garbage when the heap has grown by half: 40 MB are in use, and left to itself V8 waits until it is 150 to 200
// (`npm run test:soak`). Read anew at each collection, so it need not stand on every command line.
setFlagsFromString('--heap-growing-percent=50')

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
