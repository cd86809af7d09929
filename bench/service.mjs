// The service as it is built, listening on loopback, on a database of a given server.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { buildApp } from '../dist/app.js'
import { readConfig } from '../dist/config.js'
import { listen } from '../dist/process/listen.js'
import { openDatabase } from '../dist/store/database.js'
import { migrate } from '../dist/store/migrate.js'
import { at } from './server.mjs'

const migrations = join(fileURLToPath(new URL('..', import.meta.url)), 'prisma', 'migrations')

/** `call` throws on any refusal; `statements` hands over what the service asks the database while `run` runs; `learn` learns from runs that are over. */
export async function openTestService (server, name) {
  const url = at(server, name)
  const config = readConfig({ DATABASE_URL: url, LOG_LEVEL: 'error' })
  const log = pino({ level: 'error' })
  const database = openDatabase(url, config, log)
  await migrate(database.pool, migrations)
  const app = await buildApp(config, { database, log })
  const address = await listen(app, { host: '127.0.0.1', port: 0 })

  async function call (method, path, body, type = 'application/json') {
    const answer = await fetch(address + path, { method, headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`)
    return JSON.parse(text)
  }

  async function statements (run) {
    const asked = []
    const { query } = database.pool
    database.pool.query = function (statement, ...rest) {
      asked.push(statement)
      return query.call(this, statement, ...rest)
    }
    try {
      await run()
    } finally {
      database.pool.query = query
    }
    return asked
  }

  return {
    call,
    statements,
    pool: database.pool,
    learn: () => app.learner.learnNow(),
    close: async () => {
      await app.close()
      await database.close()
    }
  }
}
