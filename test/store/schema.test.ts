import pg from 'pg'
import t from 'tap'
import { Prisma } from '../../src/store/generated/client.ts'
import { aDatabase } from '../support/database.ts'

async function aClient (t: Parameters<typeof aDatabase>[0]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: await aDatabase(t) })
  await client.connect()
  t.teardown(() => client.end())
  return client
}

const fieldsOf = (model: string) =>
  Object.keys((Prisma as unknown as Record<string, Record<string, string>>)[`${model[0]!.toUpperCase()}${model.slice(1)}ScalarFieldEnum`]!)

t.test('schema.prisma and the migrated database name the same tables, views and columns', async (t) => {
  const client = await aClient(t)
  const { rows } = await client.query<{ table: string, column: string }>(`
    SELECT table_name AS table, column_name AS column FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'`)
  const tables = new Map<string, string[]>()
  for (const { table, column } of rows) tables.set(table, [...tables.get(table) ?? [], column])

  const models = Object.values(Prisma.ModelName)
  // only SQL reads these columns, for filters and orders that Prisma cannot express
  const withoutModel = ['active_reservation', 'alarm_state', 'container_of_step', 'event', 'group_state', 'label_event', 'labware_type_state', 'orchestrator_state', 'reservation_state', 'step_state', 'valid_session', 'webhook_state']
  t.strictSame([...models, ...withoutModel].sort(), [...tables.keys()].sort())
  for (const model of models) t.strictSame(fieldsOf(model).sort(), tables.get(model)!.sort(), model)
})

t.test('nothing is ever deleted by cascade', async (t) => {
  const client = await aClient(t)
  const { rows } = await client.query("SELECT conname FROM pg_constraint WHERE contype = 'f' AND confdeltype NOT IN ('r', 'a')")
  t.strictSame(rows, [])
})
