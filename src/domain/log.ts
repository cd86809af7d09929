/** What of a logger the parts of the service use: fields, then a message. A pino logger is one. */
export type Log = Readonly<Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>>
