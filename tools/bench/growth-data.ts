// A lab of any size with a history of any length, as a lab would have it after years: runs of the real one again and again,
// each an experiment, their plates removed since, and an event for every step.
import pg from 'pg'
import { partitionHistory } from '../../src/store/partitions/partition-history.ts'
import { databaseUrl, execute } from '../support/server-databases.ts'
import { openTestService, type TestService } from './service.ts'

/** However many steps there are, they were made in so many years or fewer. */
const mostYears = 20
const stepsAPlate = 60
const chunk = 50_000

/** The devices of a lab with so many slots, the first with 42. */
function labFile (devices: number, slots: number): object {
  const rest = slots - 42
  const capacity = (index: number): number => Math.floor(rest / (devices - 1)) + (index <= rest % (devices - 1) ? 1 : 0)
  return { sila_servers: { storage: {
    Fridge: { capacity: 42 }, ...Object.fromEntries(Array.from({ length: devices - 1 }, (_, index) => [`D${index + 1}`, { capacity: capacity(index + 1) }]))
  } } }
}

/** A database `name` made of the real history in `real`: 14 devices with 156 slots, or more; `steps` steps and as many events. */
export async function makeGrown (
  server: string, { real, name, devices, slots, steps }: { real: string, name: string, devices: number, slots: number, steps: number }
): Promise<TestService> {
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${real}`)
  const client = new pg.Client({ connectionString: databaseUrl(server, name) })
  await client.connect()
  try {
    await client.query('SET synchronous_commit = off')
    await client.query('CREATE TABLE real_step AS SELECT *, dense_rank() OVER (ORDER BY start::date) AS run FROM step')
    await client.query('TRUNCATE step, run CASCADE')
    await fill(client, steps)
  } finally {
    await client.end()
  }
  const service = await openTestService(server, name)
  await service.call('PUT', '/api/lab/config?prune=false', labFile(devices, slots))
  // four of ten slots are taken
  const plates = Array.from({ length: Math.floor(slots * 0.4) }, (_, n) => n)
  for (let from = 0; from < plates.length; from += 500) {
    await service.call('POST', '/api/containers/batch', { containers: plates.slice(from, from + 500).map((n) => ({
      device: n < 17 ? 'Fridge' : `D${n % (devices - 1) + 1}`, barcode: `P${n}`, lidded: true
    })) })
  }
  await service.pool.query('VACUUM ANALYZE')
  await service.pool.query('CHECKPOINT')
  return service
}

/** A copy of the database of `grown` whose steps are in a partition for each year. */
export async function makePartitioned (server: string, { grown, name }: { grown: string, name: string }): Promise<TestService> {
  await execute(server, `CREATE DATABASE ${name} TEMPLATE ${grown} STRATEGY FILE_COPY`)
  const url = databaseUrl(server, name)
  await partitionHistory(url, { since: new Date().getUTCFullYear() - mostYears, until: new Date().getUTCFullYear() + 1 })
  await execute(url, 'VACUUM ANALYZE')
  await execute(url, 'CHECKPOINT')
  return await openTestService(server, name)
}

async function fill (client: pg.Client, steps: number): Promise<void> {
  const { rows: [{ count, runs } = { count: 0, runs: 0 }] } = await client.query<{ count: number, runs: number }>('SELECT count(*)::int AS count, max(run)::int AS runs FROM real_step')
  const copies = Math.ceil(steps / count)
  const runsADay = Math.max(1, copies * runs / (mostYears * 365))
  await client.query(`
    INSERT INTO process (id, name, source, source_sha256, created_as)
    SELECT gen_random_uuid(), 'Process ' || n, 'source', md5(n::text), '' FROM generate_series(0, 99) n`)
  // The real runs have weeks between them. Here each day has one run or several, so that a copy ends before the next begins.
  await client.query(`
    CREATE TABLE made_experiment AS SELECT copy, run, shift, uuidv7(first - shift - now()) AS id
    FROM generate_series(0, ${copies - 1}) copy CROSS JOIN (SELECT run, min(start) AS first FROM real_step GROUP BY run) r
    CROSS JOIN LATERAL (SELECT (first::date - (SELECT max(start)::date FROM real_step) + ceil((copy * ${runs} + ${runs} - run + 1) / ${runsADay}::float8)::int) * interval '1 day' AS shift) earlier`)
  await client.query(`
    INSERT INTO experiment (id, process_id, name, status, created_at)
    SELECT e.id, (SELECT id FROM process WHERE name = 'Process ' || e.run % 100), 'run ' || copy || '-' || run, 'completed', now() FROM made_experiment e`)
  await client.query(`
    INSERT INTO container (id, name, barcode, labware_type, starting_position_id, removed_at, created_at)
    SELECT uuidv7(('2020-01-01'::timestamptz + n * interval '10 minutes') - now()), 'Plate ' || n, 'OLD' || n, 'type ' || n % 20,
      (SELECT id FROM position ORDER BY id LIMIT 1), '2020-01-02'::timestamptz + n * interval '10 minutes', '2020-01-01'::timestamptz + n * interval '10 minutes'
    FROM generate_series(0, $1::int) n`, [Math.ceil(steps / stepsAPlate)])
  const { rows: columns } = await client.query<{ name: string }>(`
    SELECT quote_ident(column_name) AS name FROM information_schema.columns
    WHERE table_name = 'step' AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'start', 'finish', 'experiment_id', 'container_named', 'container_id')`)
  const kept = columns.map((column) => `r.${column.name}`).join(', ')
  await client.query('CREATE TABLE plate AS SELECT row_number() OVER (ORDER BY id)::int - 1 AS n, id, barcode FROM container')
  await client.query('ANALYZE plate')
  // oldest first, as they happened: the indexes on times then grow at one end
  for (let copy = copies - 1; copy >= 0; copy--) {
    await client.query(`
      INSERT INTO step (id, start, finish, experiment_id, container_named, container_id, ${kept.replaceAll('r.', '')})
      SELECT uuidv7(r.start - r.shift - now()), r.start - r.shift, r.finish - r.shift, r.experiment, p.barcode, p.id, ${kept}
      FROM (
        SELECT r.*, e.shift, e.id AS experiment, row_number() OVER (ORDER BY r.start - e.shift) AS n
        FROM real_step r JOIN made_experiment e ON e.copy = $1 AND e.run = r.run
      ) r JOIN plate p ON p.n = ($3::int + r.n) / ${stepsAPlate}
      WHERE r.n <= $2 ORDER BY r.n`, [copy, Math.min(count, steps - copy * count), Math.max(0, steps - (copy + 1) * count)])
  }
  await client.query(`
    CREATE TABLE numbered AS SELECT row_number() OVER (ORDER BY start, id)::int AS n, id, start, container_id FROM step`)
  await client.query('ANALYZE numbered')
  for (let from = 0; from < steps; from += chunk) {
    await client.query(`
      INSERT INTO event_log (revision, ordinal, recorded_at, kind, request_uuid, container_id, was, became)
      SELECT s.n, 0, s.start, 'moved', uuidv7(s.start - now()), c.id, jsonb_build_object('position', 1, 'updated_at', s.start, 'version', s.n - 1), stored_container(taken.snapshot)
      FROM numbered s JOIN container c ON c.id = s.container_id
      CROSS JOIN LATERAL (SELECT jsonb_build_object('id', c.id, 'name', c.name, 'barcode', c.barcode, 'device', 'A', 'position', 2, 'starting_device', 'A',
        'starting_position', 1, 'lidded', true, 'lid', NULL, 'filled', true, 'content', NULL, 'labware_type', c.labware_type, 'labware_uuid', NULL,
        'is_reagent', false, 'removed_at', NULL, 'created_at', s.start, 'updated_at', s.start, 'version', s.n) AS snapshot) taken
      WHERE s.n > ${from} AND s.n <= ${from + chunk}`)
  }
  await client.query('UPDATE lab SET revision = $1, recorded_at = now()', [steps])
  await client.query('DROP TABLE real_step, made_experiment, numbered, plate')
}
