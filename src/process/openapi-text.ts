import { pino } from 'pino'
import { buildApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { openDatabase } from '../store/database.ts'

/** The OpenAPI document of /openapi.json, indented as it is committed. Needs no database. */
export async function openapiText (): Promise<string> {
  const config = readConfig({ DATABASE_URL: 'postgresql://nobody@localhost/nothing' })
  const log = pino({ level: 'silent' })
  const database = openDatabase(config.databaseUrl!, config, log)
  const app = await buildApp(config, { database, log })
  try {
    await app.ready()
    return `${JSON.stringify(app.swagger(), null, 2)}\n`
  } finally {
    await app.close()
    await database.close()
  }
}
