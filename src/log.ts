import { type DestinationStream, type Logger, pino } from 'pino'

/** The log of the process: JSON lines on stdout, with the names of levels and times as everywhere else. */
export function openLog (level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['req.headers.authorization']
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
