import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

// How many rows a list may read. `npm run bench:plans` measures times, with a million steps. Here twenty thousand rows are enough
// to see whether an index finds a page.

type Node = { 'Node Type': string, 'Relation Name'?: string, 'Actual Rows': number, 'Actual Loops': number, 'Rows Removed by Filter'?: number, Plans?: Node[] }
type Statement = { text: string, values: unknown[] }

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** Twenty thousand steps, each with one of forty experiments and devices, and two thousand removed containers. */
async function aLongHistory (): Promise<Service> {
  const service = await aLab(t, { Hotel: 60, Reader: 1, Washer: 1 })
  const { pool } = service.app.database
  const { body: process } = await service.post('/api/processes', { name: 'Assay', source: 'x' })
  await pool.query(`
    INSERT INTO experiment (id, process_id, name, status) SELECT gen_random_uuid(), $1, 'run ' || n, 'completed' FROM generate_series(1, 40) n`, [process.id])
  await pool.query(`
    INSERT INTO step (id, device_id, experiment_id, kind, fct, status, start, finish, created_as, match_version)
    SELECT gen_random_uuid(), d.id, e.id, 'operation', 'function ' || n % 40, CASE WHEN n % 5000 = 0 THEN 'failed' ELSE 'completed' END,
      '2025-01-01'::timestamptz + n * interval '1 minute', '2025-01-01'::timestamptz + n * interval '1 minute' + n % 977 * interval '1 second', '', 1
    FROM generate_series(1, 20000) n
    JOIN (SELECT id, row_number() OVER (ORDER BY name) - 1 AS nth FROM device) d ON d.nth = n % 3
    JOIN (SELECT id, row_number() OVER (ORDER BY name) - 1 AS nth FROM experiment) e ON e.nth = n / 500 % 40`)
  await pool.query(`
    INSERT INTO container (id, name, barcode, labware_type, starting_position_id, removed_at)
    SELECT gen_random_uuid(), 'Plate ' || n, 'OLD' || n, 'type ' || n % 50, (SELECT id FROM position LIMIT 1), now() FROM generate_series(1, 2000) n`)
  await service.post('/api/containers/batch', { containers: Array.from({ length: 50 }, (_, n) => ({ device: 'Hotel', barcode: `P${n}` })) })
  await pool.query('VACUUM ANALYZE')
  return service
}

/** How many rows of steps and containers, or of other relations, were read for the answer to a request. */
async function rowsReadBy (service: Service, path: string, relations: readonly string[] = ['step', 'container']): Promise<number> {
  const { pool } = service.app.database
  const asked: Statement[] = []
  const { query } = pool
  pool.query = function (this: typeof pool, ...given: [Statement]) {
    asked.push(given[0])
    return (query as any).apply(this, given)
  } as any
  const answer = await service.get(path)
  pool.query = query
  t.equal(answer.status, 200, path)
  let rows = 0
  for (const { text, values } of asked) {
    const { rows: [{ 'QUERY PLAN': [{ Plan: plan }] }] } = await (query as any).call(pool, `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, values)
    for (const node of nodesOf(plan)) {
      if (!relations.includes(node['Relation Name'] ?? '')) continue
      rows += (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
    }
  }
  return rows
}

t.test('a page of a long list reads little more than itself', async (t) => {
  const service = await aLongHistory()
  const [experiment] = (await service.get('/api/experiments?limit=1')).body.items
  const lists = [
    '/api/steps?', '/api/steps?sort=-start', '/api/steps?device=Reader&sort=-start',
    '/api/steps?fct=function%207&sort=-start', '/api/steps?status=failed', '/api/steps?status=failed&sort=duration',
    // no index has the order of durations: what the filters leave is read
    `/api/steps?experiment_id=${experiment.id}&sort=duration`, '/api/steps?started_after=2025-01-14T20:00:00Z&sort=-duration', '/api/steps?is_simulation=true',
    `/api/steps?experiment_id=${experiment.id}`, '/api/steps?started_after=2025-01-10T00:00:00Z', '/api/steps?kind=operation&sort=-start',
    '/api/containers?', '/api/containers?barcode=P7', '/api/containers?name=P7', '/api/containers?removed=true&barcode=OLD7',
    '/api/containers?removed=true&name=Plate%207', '/api/containers?removed=any&labware_type=type%207', '/api/containers?device=Hotel'
  ]
  for (const list of lists) {
    const rows = await rowsReadBy(service, `${list}&limit=20`)
    t.ok(rows <= 1200, `${list}: ${rows} rows of 22,000`)
  }
  // a day of steps, and the day before for those that last into it; the containers that were removed since, and those that stand in slots
  const busy = await rowsReadBy(service, '/api/devices/utilization?from=2025-01-10T00:00:00Z&to=2025-01-11T00:00:00Z')
  t.ok(busy > 1440, 'the function is read into')
  t.ok(busy <= 2 * 1440 + 2000 + 2 * 50, `utilization of a day: ${busy} rows of 22,000`)
  // an index gives the start of each experiment; only the steps of one page are counted
  const rows = await rowsReadBy(service, '/api/experiments?started_after=2025-01-14T00:00:00Z&limit=1')
  t.ok(rows <= 2000, `experiments by their start: ${rows} rows of 20,000`)
})

t.test('a page of the log of one container, experiment or device is found among all others', async (t) => {
  const service = await aLongHistory()
  const { pool } = service.app.database
  // Each step with its event and one of the fifty plates, in its order; every thousandth event is a batch of steps of all plates.
  await pool.query(`
    UPDATE step SET container_named = c.barcode, container_id = c.id FROM (SELECT id, row_number() OVER (ORDER BY start) AS n FROM step) s
    JOIN (SELECT id, barcode, row_number() OVER (ORDER BY barcode) - 1 AS nth FROM container WHERE removed_at IS NULL) c ON c.nth = s.n % 50
    WHERE step.id = s.id;
    INSERT INTO event_log (revision, ordinal, recorded_at, kind, step_id, device_id, experiment_id, first_start, concerns, became)
    SELECT l.revision + s.n, 0, now(), 'steps-logged', CASE WHEN s.n % 1000 > 0 THEN s.id END, s.device_id, CASE WHEN s.n % 1000 > 0 THEN s.experiment_id END, s.start,
      CASE WHEN s.n % 1000 = 0 THEN ARRAY(SELECT id FROM container WHERE removed_at IS NULL) || s.experiment_id END, CASE WHEN s.n % 1000 = 0 THEN '{"logged": 50}'::jsonb END
    FROM (SELECT *, row_number() OVER (ORDER BY start) AS n FROM step) s CROSS JOIN lab l;
    UPDATE lab SET revision = revision + 20000`)
  // half of them as steps that name several containers
  await pool.query('SELECT move_to_step_container((SELECT array_agg(id) FROM (SELECT id FROM step ORDER BY id LIMIT 10000) half))')
  await pool.query('VACUUM ANALYZE')
  const { body: { items: [{ id: experiment }] } } = await service.get('/api/experiments?limit=1')
  const { body: { total } } = await service.get('/api/events?container=P7&count=true')
  t.ok(total > 400, `a plate with many steps: ${total}`)
  const relations = ['event_log', 'event_device', 'step', 'step_container']
  for (const filter of [
    'container=P7', 'container=P7&sort=-revision', 'container=P7&kind=moved', 'container=P7&after=15000', `container=P7&experiment=${experiment}`, 'container=P7&device=Washer',
    `experiment=${experiment}`, `experiment=${experiment}&sort=-revision`, `experiment=${experiment}&device=Washer`, 'device=Washer', 'device=Washer&sort=-revision'
  ]) {
    const rows = await rowsReadBy(service, `/api/events?${filter}&limit=20`, relations)
    // A container has some four hundred steps, and an experiment five hundred.
    t.ok(rows <= (filter.startsWith('container') ? 2000 : 1200), `${filter}: ${rows} rows of 40,000`)
  }
})

t.test('what runs now is read from what runs and the newest comparable steps, however long the history is', async (t) => {
  const service = await aLongHistory()
  for (let n = 0; n < 5; n++) await service.post('/api/steps', { device: 'Reader', data: { fct: 'a new function' }, start: new Date(Date.now() - n * 1000).toISOString() })
  await service.query(`
    UPDATE step SET match_function = 'f:a', match_parameters = '00000000-0000-0000-0000-000000000001' WHERE status = 'completed';
    UPDATE step SET match_function = 'f:a', match_parameters = '00000000-0000-0000-0000-000000000001' WHERE status = 'running' AND fct = 'a new function'`)
  await service.query('VACUUM ANALYZE')
  const rows = await rowsReadBy(service, '/api/steps/running')
  t.ok(rows <= 600, `${rows} rows of 20,000`)
})

t.test('kinds of steps are found without reading their steps, and each is judged by its newest', async (t) => {
  const service = await aLongHistory()
  await service.query(`
    UPDATE step SET match_function = 'f:a', match_parameters = '00000000-0000-0000-0000-000000000001'`)
  await service.query('VACUUM ANALYZE')
  const rows = await rowsReadBy(service, '/api/estimates/kinds?since=2020-01-01T00:00:00Z&count=true')
  const { items, total } = (await service.get('/api/estimates/kinds?since=2020-01-01T00:00:00Z&count=true')).body
  t.equal(total, 3, 'one for each device')
  t.ok(rows > 3 * 150 && rows <= 3 * 150 + 50, `${rows} rows of 20,000`)
  const one = await rowsReadBy(service, `/api/estimates/kinds/${items[0].key}/history?from=2025-01-10T00:00:00Z&to=2025-01-11T00:00:00Z`)
  t.ok(one > 400 && one <= 3 * 520, `a day of a kind: ${one} rows of 20,000`)
})

t.test('the timeline of an experiment reads its steps and the newest comparable steps of its time', async (t) => {
  const service = await aLongHistory()
  await service.query(`
    UPDATE step SET match_function = 'f:a', match_parameters = '00000000-0000-0000-0000-000000000001'`)
  await service.query('VACUUM ANALYZE')
  const experiment = (await service.get('/api/steps?limit=1&started_after=2025-01-10T00:00:00Z')).body.items[0].experiment_id as string
  const { body: process } = await service.post('/api/processes', { name: 'A new assay', source: 'y' })
  await service.query('UPDATE experiment SET process_id = $1 WHERE id IN ($2, (SELECT id FROM experiment WHERE id <> $2 LIMIT 1))', [process.id, experiment])
  const rows = await rowsReadBy(service, `/api/experiments/${experiment}/timeline`)
  t.equal((await service.get(`/api/experiments/${experiment}/timeline`)).body.items.length, 500)
  // its 500 steps, some of them for more than one answer, the windows of three kinds, and the 500 steps of another run of its process
  t.ok(rows > 500 && rows <= 3000, `${rows} rows of 20,000`)
})

t.test('a search reads little more than what it finds, however long the history is', async (t) => {
  const service = await aLongHistory()
  await service.query("UPDATE step SET name = 'wash ' || fct WHERE fct LIKE '%7'; UPDATE container SET barcode = 'OLD' || id WHERE removed_at IS NOT NULL AND name LIKE '%3'")
  await service.query('VACUUM ANALYZE')
  // each text several times: the plan of a prepared statement may change after some calls
  for (const q of ['OLD', 'OLD7', 'P1', 'Plate 7', 'wash function 7', 'w', 'run 1', 'Hotel 5', 'no such thing', '01a225a4-fa2d-71ab-b743-4069d037c6b8']) {
    for (let n = 0; n < 7; n++) await service.get(`/api/search?q=${encodeURIComponent(q)}&limit=10`)
    const rows = await rowsReadBy(service, `/api/search?q=${encodeURIComponent(q)}&limit=10`)
    t.ok(rows <= 200, `${q}: ${rows} rows of 22,000`)
  }
})

t.test('a barcode is compared with those that differ in case only, not with all', async (t) => {
  const service = await aLab(t, { Hotel: 3000 })
  for (let batch = 0; batch < 3; batch++) {
    await service.post('/api/containers/batch', { containers: Array.from({ length: 1000 }, (_, n) => ({ device: 'Hotel', position: batch * 1000 + n, barcode: `Plate-of-the-screen-${batch * 1000 + n}` })) })
  }
  const { pool } = service.app.database
  await pool.query('VACUUM ANALYZE container')
  const client = await pool.connect()
  try {
    const pagesRead = async (barcode: string): Promise<number> => {
      const { rows: [{ 'QUERY PLAN': [{ Plan: plan }] }] } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT alike_barcode('${barcode}')`)
      return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
    }
    // The first call of a session reads the function, too.
    await pagesRead('PLATE-OF-THE-SCREEN-77')
    for (const barcode of ['PLATE-OF-THE-SCREEN-77', 'Plate-of-the-screen-77', 'nowhere']) t.ok(await pagesRead(barcode) <= 10, `${barcode}: ${await pagesRead(barcode)} pages`)
    t.same((await client.query("SELECT alike_barcode('PLATE-OF-THE-SCREEN-77') AS one, alike_barcode('nowhere') AS other")).rows, [{ one: 'Plate-of-the-screen-77', other: null }])
  } finally {
    client.release()
  }
})
