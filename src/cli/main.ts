#!/usr/bin/env node
import { runCommandLine } from './run.ts'

const stopping = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))
// The reader closed the pipe, as `head` does.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1))

process.exitCode = await runCommandLine(process.argv.slice(2), {
  in: process.stdin, out: process.stdout, err: process.stderr, env: process.env, signal: stopping.signal
})
