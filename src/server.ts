import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { buildApp } from './app.ts'
import { ConfigError, readConfig } from './config.ts'
import { openDatabase } from './store/database.ts'
import { migrate, MigrationError } from './store/migrate.ts'

// The process: configuration, database, app, listen, clean close. The only file with side effects.

const migrations = fileURLToPath(new URL('../prisma/migrations', import.meta.url))

async function serve (): Promise<void> {
  const config = readConfig(process.env)
  const log = pino({ level: config.logLevel, redact: ['req.headers.authorization'] })
  let stopping = false
  let close = async () => {}

  async function stop (signal: string): Promise<void> {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping')
    await close()
    log.info('stopped')
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void stop(signal))

  const embedded = config.databaseUrl === null ? await startEmbedded(config.dataDir, log) : null
  close = async () => { await embedded?.stop() }
  const database = openDatabase(config.databaseUrl ?? embedded!.url, config, log)
  try {
    const applied = await migrate(database.pool, migrations)
    if (applied.length > 0) log.info({ migrations: applied }, 'database schema brought up to date')
    const app = await buildApp(config, { database, log })
    close = async () => {
      await app.close()
      await database.close()
      await embedded?.stop()
    }
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    await close()
    throw error
  }
}

async function startEmbedded (dataDir: string, log: pino.Logger) {
  const { startEmbedded } = await import('./embedded/postgres.ts')
  return await startEmbedded({ dataDir, log })
}

serve().catch((error: unknown) => {
  if (error instanceof ConfigError || error instanceof MigrationError) process.stderr.write(`${error.message}\n`)
  else process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
})
