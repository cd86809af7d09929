import { type Logger, pino } from 'pino'

/** The log of the process: JSON lines on stdout. */
export function openLog (level: string): Logger {
  return pino({ level, redact: ['req.headers.authorization'] })
}
