import { type DestinationStream, type Logger, pino } from 'pino'
import { safeJson } from '../terminal/safe-text.ts'
import { logTimes } from './log-time.ts'

// Lines are collected for this long and then written together. At 1,000 requests per second, single writes take a tenth of
// the work.
const batchMs = 10

/** Creates the logger of the process: JSON lines with level names and ISO 8601 times. */
export function openLogger (level: string, destination: DestinationStream): Logger {
  return pino({
    level,
    base: null,
    timestamp: logTimes(),
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['req.headers.authorization']
  }, destination)
}

/** Standard output: lines for people on a terminal, JSON otherwise, unless `format` says which. */
export async function standardOutput (format: 'json' | 'pretty' | null): Promise<DestinationStream> {
  const output = pino.destination({ fd: 1, sync: true, minLength: 16_000 })
  process.once('exit', () => output.flush())
  const isPretty = format === null ? process.stdout.isTTY : format === 'pretty'
  // Loaded only here, because most services write JSON.
  const destination = isPretty ? (await import('./pretty-lines.ts')).prettyLines(output) : safeJsonLines(output)
  return batchingLines(() => output.flush(), destination)
}

function safeJsonLines (destination: DestinationStream): DestinationStream {
  return { write: (line) => destination.write(safeJson(line)) }
}

/** Passes lines on at once, and calls `flush` a moment later for all lines that came in between. */
export function batchingLines (flush: () => void, destination: DestinationStream): DestinationStream {
  let flushing = false
  return {
    write (line) {
      destination.write(line)
      if (flushing) return
      flushing = true
      setTimeout(() => {
        flushing = false
        flush()
      }, batchMs)
    }
  }
}
