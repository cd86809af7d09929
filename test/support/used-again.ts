// Building the app, connecting, and compiling the functions of the database take longer than most tests. So a test that only calls
// the service, and neither touches the app nor its database by hand, leaves both to the next test of the process, emptied.
import t, { type Test } from 'tap'
import { createDatabase, dropDatabase } from './database.ts'
import { type Instance, openInstance } from './instance.ts'

/** An instance for one test. `handled` says that the test did more than call it, so it is not used again. */
export type Borrowed = Instance & { handled: boolean }

/** So many tests use an instance, one after the other. Then the rows that were deleted make it slower than a new one. */
const mostTests = 40

const idle: { instance: Instance, tests: number }[] = []
t.teardown(async () => {
  const results = await Promise.allSettled(idle.map(async ({ instance }) => await discard(instance)))
  for (const result of results) if (result.status === 'rejected') throw result.reason
})

/** An instance with the default settings on an empty database. */
export async function borrowInstance (t: Test): Promise<Borrowed> {
  const { instance, tests } = idle.pop() ?? { instance: await openInstance(await createDatabase()), tests: 0 }
  const borrowed: Borrowed = Object.assign(instance, { handled: false })
  instance.report = (fault) => { t.fail(fault) }
  t.teardown(async () => {
    instance.report = () => {}
    // streams, and what clients keep open
    instance.app.server.closeAllConnections()
    if (borrowed.handled || tests + 1 >= mostTests || !await emptied(instance)) await discard(instance)
    else idle.push({ instance, tests: tests + 1 })
  })
  return borrowed
}

async function discard (instance: Instance): Promise<void> {
  await instance.close()
  await dropDatabase(instance.url)
}

/** Makes the database as a new one is. Returns false if the process remembers something of it: that there was a key. */
async function emptied ({ database: { pool } }: Instance): Promise<boolean> {
  const { rows: [found] } = await pool.query<{ keys: boolean }>('SELECT EXISTS (SELECT FROM api_key) AS keys')
  if (found!.keys) return false
  await pool.query(`DO $$
    DECLARE
      name text;
    BEGIN
      SET LOCAL session_replication_role = replica;
      FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' LOOP
        EXECUTE format('DELETE FROM %I', name);
      END LOOP;
      INSERT INTO lab DEFAULT VALUES;
      INSERT INTO device_group (name) VALUES ('devices');
    END $$`)
  return true
}
