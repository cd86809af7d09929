import pg from 'pg'
import t, { type Test } from 'tap'
import { aStep } from '../support/log.ts'
import { aLab, type Service } from '../support/service.ts'

// What runs under the lab lock. A command is held where it works long, and then nothing else may wait for the lab.

const hold = 4242

/** Makes the function that writes times, which every response needs, wait under a condition. Returns a function that lets go. */
async function holdAtTimes (t: Test, { url }: Service, condition: string): Promise<() => Promise<void>> {
  const held = new pg.Client({ connectionString: url })
  await held.connect()
  t.teardown(() => held.end())
  await held.query('SELECT pg_advisory_lock($1)', [hold])
  await held.query(`
    CREATE OR REPLACE FUNCTION wire_time(_at timestamptz) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
    BEGIN
      IF ${condition} THEN
        PERFORM pg_advisory_xact_lock_shared(${hold});
      END IF;
      RETURN to_char(_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
    END $$`)
  return async () => { await held.query('SELECT pg_advisory_unlock($1)', [hold]) }
}

async function untilHeld ({ app }: Service): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const { rows } = await app.database.pool.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted", [hold])
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('nobody came to where it should be held')
}

t.test('a container moves while a batch of steps writes its response', async (t) => {
  const lab = await aLab(t, { Hotel: 2, Reader: 1 }, { STATEMENT_TIMEOUT_MS: '8000' })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const { body: process } = await lab.post('/api/processes', { name: 'Assay', source: 'x' })
  const { body: experiment } = await lab.post('/api/experiments', { process_id: process.id })
  const before = (await lab.get('/api/lab')).body.revision
  const letGo = await holdAtTimes(t, lab, "current_query() LIKE '%log_steps%'")

  const batch = lab.post('/api/steps/batch', { steps: Array.from({ length: 200 }, () => aStep({ device: 'Reader', experiment_id: experiment.id, containers: ['P1'] })) })
  await untilHeld(lab)
  t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 1 }), { status: 200, body: { container: { position: 1 } } })
  await letGo()

  t.match(await batch, { status: 201 })
  t.same((await lab.get(`/api/events?after=${before}`)).body.items.map((event: { revision: number, kind: string }) => [event.revision, event.kind]),
    [[before + 1, 'moved'], [before + 2, 'steps-logged'], [before + 2, 'experiment-updated']], 'the move was first, and the batch is one revision')
  t.match((await lab.get(`/api/experiments/${experiment.id}`)).body, { status: 'running', steps: { total: 200 } })
})

t.test('a container moves while a decision about many steps writes their snapshots', async (t) => {
  const lab = await aLab(t, { Hotel: 2, Reader: 1 }, { STATEMENT_TIMEOUT_MS: '8000' })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  await lab.post('/api/steps/batch', { steps: Array.from({ length: 50 }, () => aStep({ device: 'Reader' })) })
  const letGo = await holdAtTimes(t, lab, "current_query() LIKE '%decide_steps%' AND EXISTS (SELECT FROM step WHERE version > 1)")
  const decision = lab.post('/api/steps/exclusions', { where: { device: 'Reader' }, reason: 'the lamp was broken' })
  await untilHeld(lab)
  t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 1 }), { status: 200 })
  await letGo()
  t.match(await decision, { status: 200, body: { changed: 50 } })
})

t.test('an experiment that is created while its steps are logged gets them, and the response says so', async (t) => {
  const lab = await aLab(t, { Reader: 1 }, { STATEMENT_TIMEOUT_MS: '8000' })
  const { body: process } = await lab.post('/api/processes', { name: 'Assay', source: 'x' })
  const id = '01890000-0000-7000-8000-00000000e001'
  const letGo = await holdAtTimes(t, lab, "current_query() LIKE '%log_steps%'")
  const logged = lab.post('/api/steps', aStep({ device: 'Reader', experiment_id: id }))
  await untilHeld(lab)
  t.match(await lab.post('/api/experiments', { id, process_id: process.id }), { status: 201 })
  await letGo()
  t.match(await logged, { status: 201, body: { experiment_id: id, experiment_named: null, warnings: [] } })
  t.match((await lab.get(`/api/experiments/${id}`)).body, { status: 'running', steps: { total: 1 } })
})

t.test('a container moves while a transfer waits for who logs the first step of its run', async (t) => {
  const lab = await aLab(t, { Hotel: 2, Reader: 2 }, { STATEMENT_TIMEOUT_MS: '8000' })
  for (const barcode of ['P1', 'P2']) await lab.post('/api/containers', { device: 'Hotel', barcode })
  const { body: process } = await lab.post('/api/processes', { name: 'Assay', source: 'x' })
  for (const experiment_id of [undefined, (await lab.post('/api/experiments', { process_id: process.id })).body.id as string]) {
    // as log_steps does: the row of the run first, the lab lock later
    const other = new pg.Client({ connectionString: lab.url })
    await other.connect()
    await other.query('BEGIN')
    const run = experiment_id === undefined ? ['day 2026-03-02', null, '2026-03-02'] : [`experiment ${experiment_id}`, experiment_id, null]
    await other.query('INSERT INTO run (key, experiment_id, day) VALUES ($1, $2, $3)', run)

    const { start, finish } = aStep({})
    const device = experiment_id === undefined ? 'Reader' : 'Hotel'
    const transfer = lab.post('/api/transfers', { container: 'P1', target: { device }, step: { device: 'Reader', start, finish, experiment_id } })
    for (let waiting = 0; waiting === 0; await new Promise((resolve) => setTimeout(resolve, 10))) {
      waiting = (await other.query('SELECT FROM pg_stat_activity WHERE datname = current_database() AND pg_backend_pid() = ANY (pg_blocking_pids(pid))')).rows.length
    }
    t.match(await lab.post('/api/containers/P2/move', { target_device: device }), { status: 200 })
    await other.query('SELECT next_revision()')
    await other.query('COMMIT')
    await other.end()
    t.match(await transfer, { status: 200 })
  }
})
