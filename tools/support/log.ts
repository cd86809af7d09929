/** A log for tools that start a PostgreSQL: what it warns of goes to stderr, and all else nowhere. */
export const warningsOnly = {
  info: (): void => {},
  warn: (fields: object, message: string): void => { process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) }
}
