// Histories of any size with the match keys of the real one.
import pg from 'pg'
import { planned } from '../../src/demo/replay.ts'
import { type RobotlabStep, readLabFile, readRuns } from '../../src/demo/robotlab.ts'
import { databaseUrl, execute } from '../support/server-databases.ts'
import { openTestService } from './service.ts'

const batch = 5000
/** The copies of the real history are spread over this many years before it. */
const years = 20

/** Logs the real steps through the API into the new database `name`. Returns the steps of all runs as an orchestrator plans them. */
export async function logRealHistory (server: string, name: string): Promise<RobotlabStep[]> {
  await execute(server, `CREATE DATABASE ${name}`)
  const service = await openTestService(server, name)
  await service.call('PUT', '/api/lab/config', await readLabFile(), 'application/yaml')
  const steps = (await readRuns()).flatMap((run) => run.steps)
  for (let at = 0; at < steps.length; at += batch) {
    // their runs are not in this database (members that are undefined are not sent)
    const logged = steps.slice(at, at + batch).map((step) => ({ ...step, experiment_id: undefined, containers: undefined }))
    await service.call('POST', '/api/steps/batch', { steps: logged })
  }
  await service.close()
  return steps.map(planned)
}

/** A database with `size` steps: the newest of the database `real`, or all of them and copies at earlier times. */
export async function makeHistory (server: string, { real, name, size }: { real: string, name: string, size: number }): Promise<void> {
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${real}`)
  const client = new pg.Client({ connectionString: databaseUrl(server, name) })
  await client.connect()
  try {
    const { rows: [{ count } = { count: 0 }] } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM step')
    const copies = Math.ceil(size / count)
    const { rows: columns } = await client.query<{ name: string }>(`
      SELECT quote_ident(column_name) AS name FROM information_schema.columns
      WHERE table_name = 'step' AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'start', 'finish')`)
    const kept = columns.map((column) => column.name).join(', ')
    for (let copy = 1; copy < copies; copy++) {
      await client.query(`
        INSERT INTO step (id, start, finish, ${kept})
        SELECT gen_random_uuid(), start - $1::interval, finish - $1::interval, ${kept}
        FROM (SELECT * FROM step WHERE start > $2 LIMIT $3) real_steps`,
      [`${Math.round(copy / copies * years * 365 * 24)} hours`, '2022-12-01', Math.min(count, size - copy * count)])
    }
    await client.query('DELETE FROM step WHERE id IN (SELECT id FROM step ORDER BY start DESC OFFSET $1)', [size])
  } finally {
    await client.end()
  }
}
