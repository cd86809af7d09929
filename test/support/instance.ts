import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { checkAnswers } from './answers.ts'

export type AppOptions = Partial<Omit<Parameters<typeof buildApp>[1], 'database'>>

/**
 * An instance of the service. `report` is told of every response that differs from its schema; the test that uses the instance sets it.
 * `address` is where it listens, since a test asked for that.
 */
export type Instance = { app: FastifyInstance, database: Database, url: string, address?: string, report: (fault: string) => void, close (): Promise<void> }

/** The real app on this database. `env` has its settings, as for the service. */
export async function openInstance (url: string, env: Record<string, string> = {}, options: AppOptions = {}): Promise<Instance> {
  const config = readConfig({ LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent', DATABASE_URL: url, ...env })
  const log = options.log ?? pino({ level: config.logLevel })
  const database = openDatabase(url, config, log)
  const app = await buildApp(config, { minRevisionWaitMs: 20, ...options, database, log, ...env.TEST_WATCH_MS === undefined ? {} : { watchEveryMs: Number(env.TEST_WATCH_MS) } })
  const instance: Instance = {
    app, database, url,
    report: () => {},
    async close () {
      await app.close()
      await database.close()
    }
  }
  checkAnswers(app, (fault) => { instance.report(fault) })
  await app.ready()
  return instance
}
