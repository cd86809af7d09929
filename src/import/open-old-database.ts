import { OperatorError } from '../domain/operator-error.ts'
import type { OldDatabase } from './old-database.ts'

/** Opens the old database: a SQLite file by its path, or a PostgreSQL database by its URL. Throws an OperatorError. */
export async function openOldDatabase (from: string): Promise<OldDatabase> {
  if (/^postgres(ql)?:/i.test(from)) return await (await import('./postgres-source.ts')).openPostgres(from)
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from)) {
    throw new OperatorError(`--from takes a SQLite file or a URL such as postgresql://user:password@host:port/name, not ${from.slice(0, from.indexOf(':'))}://`)
  }
  // What is no URL would be read as the path of a file, and shown.
  if (/:\/\/|\bpassword\s*=/i.test(from)) throw new OperatorError('--from takes a SQLite file or a URL that begins with postgresql://, such as postgresql://user:password@host:port/name.')
  return await (await import('./sqlite-source.ts')).openSqlite(from)
}
