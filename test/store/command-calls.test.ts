import t from 'tap'
import { aLab } from '../support/service.ts'

// No answer shows the useless work of a command in the database. A step of no experiment once searched for steps of experiments that do not
// exist yet, which took a quarter of its time, and a transfer read its container five times. Counted on the one connection of one instance.

const step = { device: 'Reader', data: { fct: 'read' }, start: '2026-03-02T09:20:00Z', finish: '2026-03-02T09:20:41Z' }

t.test('a command calls what it needs, as often as it needs it', async (t) => {
  const service = await aLab(t, { Hotel: 4, Reader: 2, Bin: 1 }, { DATABASE_POOL_MAX: '1' })
  await service.patch('/api/devices/Bin', { disposes: true })
  const { pool } = service.app.database
  await pool.query("SET track_functions = 'all'")
  await service.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lidded: true })

  async function callsOf (names: readonly string[], path: string, body: object): Promise<Record<string, number>> {
    await pool.query('SELECT pg_stat_force_next_flush()')
    await pool.query('SELECT pg_stat_reset()')
    const answer = await service.post(path, body)
    t.ok(answer.status < 300, answer.text)
    await pool.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await pool.query<{ name: string, calls: number }>('SELECT funcname AS name, calls::int FROM pg_stat_user_functions WHERE funcname = ANY ($1)', [names])
    return { ...Object.fromEntries(names.map((name) => [name, 0])), ...Object.fromEntries(rows.map(({ name, calls }) => [name, calls])) }
  }
  const experiments = ['link_steps_to_experiments', 'start_experiments', 'warn_of_implausible_steps']
  const none = Object.fromEntries(experiments.map((name) => [name, 0]))
  t.same(await callsOf(experiments, '/api/steps', step), { ...none, start_experiments: 1 }, 'a step of no experiment')
  t.same(await callsOf(experiments, '/api/steps/batch', { steps: [step, { ...step, name: 'again' }] }), { ...none, start_experiments: 1 }, 'steps of none')
  t.same(await callsOf(experiments, '/api/steps', { ...step, name: 'later', experiment_id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10' }),
    { ...none, start_experiments: 1, link_steps_to_experiments: 1 }, 'a step of an experiment that is not known')

  const lookups = ['resolve_logged_container', 'wider_history']
  t.same(await callsOf(lookups, '/api/steps/batch', { steps: [step, step] }), { resolve_logged_container: 0, wider_history: 0 }, 'steps without containers')
  t.same(await callsOf(lookups, '/api/steps', { ...step, containers: ['P1'] }), { resolve_logged_container: 1, wider_history: 0 }, 'a step with one')
  t.same(await callsOf(lookups, '/api/estimates', { step: { device: 'Reader', data: step.data } }), { resolve_logged_container: 0, wider_history: 0 }, 'an estimate of what was done before')
  t.same(await callsOf(lookups, '/api/estimates', { step: { device: 'Reader', data: { ...step.data, wells: 96 } } }), { resolve_logged_container: 0, wider_history: 1 }, 'an estimate of what is new')

  const snapshots = ['container_snapshot', 'step_snapshot']
  const target = (position: number) => ({ device: 'Reader', position })
  t.same(await callsOf(snapshots, '/api/transfers', { container: 'P1', target: target(0), step }), { container_snapshot: 1, step_snapshot: 0 }, 'a transfer with a step')
  t.same(await callsOf(snapshots, '/api/transfers', { container: 'P1', target: target(1) }), { container_snapshot: 1, step_snapshot: 0 }, 'a transfer alone')
  t.same(await callsOf(snapshots, '/api/transfers', { container: 'P1', lid: { action: 'off', device: 'Bin' }, step }), { container_snapshot: 2, step_snapshot: 0 }, 'a lid that is disposed of')
  t.same(await callsOf(snapshots, '/api/containers/P1/move', { target_device: 'Hotel', target_pos: 0 }), { container_snapshot: 1, step_snapshot: 0 }, 'a move')
  t.same(await callsOf(snapshots, '/api/containers/P1/lid', {}), { container_snapshot: 1, step_snapshot: 0 }, 'a lid')
})
