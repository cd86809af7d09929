import type { DestinationStream } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { safeLines, safeText } from '../terminal/safe-text.ts'

type LogRecord = Readonly<Record<string, unknown>>

/** Turns the JSON lines of the logger into lines for people. They have colours if standard output is a terminal. */
export function prettyLines (destination: DestinationStream): DestinationStream {
  const format = prettyFactory({ singleLine: true, translateTime: 'SYS:HH:MM:ss.l' })
  return {
    write (line) {
      const { address, ...record } = JSON.parse(line, safeValue) as LogRecord
      destination.write(format(typeof record.url === 'string' ? requestRecord(record) : record))
      // The address stands alone, so that it can be clicked and copied.
      if (typeof address === 'string') destination.write(`${address}\n`)
    }
  }
}

/** Strings are escaped before they get colours, which are control characters themselves. A stack has line breaks. */
function safeValue (name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  return name === 'stack' ? safeLines(value) : safeText(value)
}

/** What a person reads first comes first: `GET /api/lab 200 3.1 ms`, and why a request was refused. */
function requestRecord (record: LogRecord): LogRecord {
  const { method, url, status, duration_ms: duration, code, detail, msg, ...rest } = record
  const words = [method, url, status ?? msg, `${String(duration)} ms`, code, detail]
  return { ...rest, msg: words.filter((word) => word !== undefined).map(String).join(' ') }
}
