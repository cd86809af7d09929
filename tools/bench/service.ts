// The service in this process, listening on the loopback interface, on a database of a given server.
import type pg from 'pg'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { listen } from '../../src/process/listen.ts'
import { openDatabase } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { migrationsDirectory } from '../../src/store/migrations-directory.ts'
import { databaseUrl } from '../support/server-databases.ts'

/** A request as arguments of `call`. */
export type CallArguments = [method: 'GET' | 'POST' | 'PUT', path: string, body?: object | string, type?: string]

/** A statement as the service hands it to the driver. */
export type Statement = { text: string, values?: unknown[] }

export type TestService = {
  /** Throws when the service refuses. */
  call: <T>(...request: CallArguments) => Promise<T>
  /** The statements that the service sends to the database while `run` runs. */
  statements (run: () => Promise<unknown>): Promise<Statement[]>
  pool: pg.Pool
  /** Learns from the runs that are over. */
  learn (): Promise<unknown>
  close (): Promise<void>
}

export async function openTestService (server: string, name: string): Promise<TestService> {
  const url = databaseUrl(server, name)
  const config = readConfig({ DATABASE_URL: url, LOG_LEVEL: 'error' })
  const log = pino({ level: 'error' })
  const database = openDatabase(url, config, log)
  await migrate(database.pool, migrationsDirectory)
  const app = await buildApp(config, { database, log })
  const address = await listen(app, { host: '127.0.0.1', port: 0 })

  async function call<T> (...[method, path, body, type = 'application/json']: CallArguments): Promise<T> {
    const answer = await fetch(address + path, {
      method, ...body === undefined ? {} : { headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) }
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`)
    return JSON.parse(text) as T
  }

  async function statements (run: () => Promise<unknown>): Promise<Statement[]> {
    const sent: Statement[] = []
    const pool = database.pool as { query: (statement: Statement, ...rest: unknown[]) => unknown }
    const { query } = pool
    pool.query = (statement, ...rest) => {
      sent.push(statement)
      return query.call(pool, statement, ...rest)
    }
    try {
      await run()
    } finally {
      pool.query = query
    }
    return sent
  }

  return {
    call,
    statements,
    pool: database.pool,
    learn: async () => await app.learner.learnNow(),
    close: async () => {
      await app.close()
      await database.close()
    }
  }
}
