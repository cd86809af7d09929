import t from 'tap'
import { aStep } from '../support/log.ts'
import { aLab, type Service } from '../support/service.ts'

// Commands find rows of growing tables by index, whatever the statistics say: no command reads such a table from end to end.
// EXPLAIN does not show the plans inside functions, so the test counts the rows that they read.

const growing = ['event_log', 'event_device', 'step', 'step_container', 'experiment', 'container']

/** Thirty thousand rows each, in few revisions, as batches make them. With such statistics PostgreSQL expects to find any revision soon in a scan. */
async function aLongLog (service: Service): Promise<{ experiment: string }> {
  const { pool } = service.app.database
  await service.post('/api/containers/batch', { containers: Array.from({ length: 8 }, (_, n) => ({ device: 'Hotel', barcode: `P${n}`, lidded: true })) })
  const { body: process } = await service.post('/api/processes', { name: 'Assay', source: 'x' })
  const { body: experiment } = await service.post('/api/experiments', { process_id: process.id })
  await pool.query(`
    INSERT INTO container (id, name, barcode, starting_position_id, removed_at)
    SELECT gen_random_uuid(), 'Plate ' || n, 'OLD' || n, (SELECT id FROM position LIMIT 1), now() FROM generate_series(1, 30000) n`)
  await pool.query(`
    INSERT INTO experiment (id, process_id, name, status) SELECT gen_random_uuid(), $1, 'run ' || n, 'completed' FROM generate_series(1, 30000) n`, [process.id])
  await pool.query(`
    INSERT INTO step (id, device_id, experiment_id, kind, fct, status, start, finish, created_as, match_version)
    SELECT gen_random_uuid(), (SELECT id FROM device ORDER BY name LIMIT 1), e.id, 'operation', 'function ' || e.n % 40, 'completed',
      '2025-01-01'::timestamptz + e.n * interval '1 minute', '2025-01-01'::timestamptz + e.n * interval '1 minute' + interval '9 seconds', '', 1
    FROM (SELECT id, row_number() OVER (ORDER BY name) AS n FROM experiment) e`)
  await pool.query(`
    UPDATE step SET container_named = c.barcode, container_id = c.id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM step) s
    JOIN (SELECT id, barcode, row_number() OVER (ORDER BY id) AS n FROM container WHERE barcode LIKE 'OLD%') c ON c.n = s.n
    WHERE step.id = s.id`)
  await pool.query('SELECT move_to_step_container((SELECT array_agg(id) FROM (SELECT id FROM step ORDER BY id LIMIT 15000) half))')
  await pool.query(`
    INSERT INTO event_log (revision, ordinal, recorded_at, kind, request_id, container_id, was, became)
    SELECT revision, 1 + row_number() OVER (ORDER BY c.id), recorded_at, 'moved', 'x', c.id, '{"device": "Hotel"}', '{"device": "Hotel"}'
    FROM lab, container c WHERE c.barcode LIKE 'OLD%'`)
  await pool.query('VACUUM ANALYZE')
  return { experiment: experiment.id as string }
}

t.test('no command reads from end to end what grows with the years', async (t) => {
  const service = await aLab(t, { Hotel: 12, Reader: 2 }, { DATABASE_POOL_MAX: '1' })
  const { experiment } = await aLongLog(service)
  const { pool } = service.app.database
  const step = () => aStep({ device: 'Reader', data: { fct: 'function 1' }, experiment_id: experiment, containers: ['P1'] })
  const { body: running } = await service.post('/api/steps', { ...step(), finish: null, status: 'running' })
  const again = { ...step(), id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a11' }
  await service.post('/api/steps', again)

  const wholeReads = async () => {
    await pool.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await pool.query('SELECT relname, seq_scan::int FROM pg_stat_user_tables WHERE relname = ANY ($1) ORDER BY 1', [growing])
    return rows as { relname: string, seq_scan: number }[]
  }
  type Command = [what: string, method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object]
  const places = [{ device: 'Reader', position: 0 }, { device: 'Hotel', position: 10 }] as const
  const [from, to] = [(turn: number) => places[(turn + 1) % 2]!, (turn: number) => places[turn % 2]!]
  const hot = (turn: number): Command[] => [
    ['a move', 'POST', '/api/containers/P1/move', { target_device: 'Reader', target_pos: 1 }],
    ['a move of what stands there', 'POST', '/api/moves', { source_device: 'Reader', source_pos: 1, target_device: 'Hotel', target_pos: 8 }],
    ['a lid that comes off', 'POST', '/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 11 }],
    ['a lid that goes on', 'POST', '/api/containers/P1/lid'],
    ['a transfer with its step', 'POST', '/api/transfers', { container: 'P2', target: to(turn), step: { ...step(), containers: undefined } }],
    ['a transfer that is only tried', 'POST', '/api/transfers?dry_run=true', { container: 'P2', target: from(turn) }],
    ['a transfer that changes nothing', 'POST', '/api/transfers', { container: 'P2', target: to(turn) }],
    ['a step', 'POST', '/api/steps', step()],
    ['ten steps', 'POST', '/api/steps/batch', { steps: Array.from({ length: 10 }, step) }]
  ]
  const others: Command[] = [
    ['a new container', 'POST', '/api/containers', { device: 'Hotel', barcode: 'NEW' }],
    ['what is known of it', 'PATCH', '/api/containers/NEW', { content: 'MTT' }],
    ['a correction', 'POST', '/api/containers/NEW/correct', { reason: 'seen', lidded: true }],
    ['a removal', 'DELETE', '/api/containers/NEW'],
    ['a reservation', 'POST', '/api/reservations', { device: 'Hotel', purpose: 'container', owner: 'me', ttl_seconds: 60 }],
    ['a step that is told again with a further container', 'POST', '/api/steps', { ...again, containers: ['P1', 'P4'] }],
    ['the end of a step', 'POST', `/api/steps/${running.id}/finish`],
    ['a step set right', 'PATCH', `/api/steps/${running.id}`, { reason: 'wrong plate', containers: ['P3'] }],
    ['an experiment that is over', 'PATCH', `/api/experiments/${experiment}`, { status: 'completed' }]
  ]
  // from the sixth execution on, PostgreSQL may use a generic plan, which does not know the values
  const turns = Array.from({ length: 8 }, (_, turn) => hot(turn)).flat()
  for (const [what, method, path, body] of [...turns, ...others]) {
    const before = await wholeReads()
    const answer = await service.call(method, path, body)
    t.ok(answer.status < 300, `${what}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`)
    t.same(await wholeReads(), before, what)
  }
})
