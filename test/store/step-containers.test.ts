import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { projectRoot } from '../../src/project-root.ts'
import { anExperiment, aStep, logged, rows } from '../support/log.ts'
import { aLab, type Service } from '../support/service.ts'

// A step that names one container by one name has it in its row; the containers of other steps are in step_container. Nobody outside sees a difference.

const places = async (service: Service, step: string) => await rows(service, `
  SELECT s.container_named, (SELECT array_agg(c.named ORDER BY c.ordinal) FROM step_container c WHERE c.step_id = s.id) AS others FROM step s WHERE s.id = $1`, [step])

/** A lab with two plates, and an experiment. */
async function aLabWithPlates (t: Test) {
  const lab = await aLab(t, { Hotel: 4, Reader: 1 })
  const { body: first } = await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const { body: second } = await lab.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P2' })
  return { lab, first, second, experiment: await anExperiment(lab) }
}

t.test('one container by one name stands in the row of the step, all others in the table', async (t) => {
  const { lab, first } = await aLabWithPlates(t)
  const told = async (containers: string[]) => await places(lab, (await logged(lab, { containers })).id as string)
  t.same(await told([]), [{ container_named: null, others: null }])
  t.same(await told(['P1']), [{ container_named: 'P1', others: null }])
  t.same(await told(['nobody']), [{ container_named: 'nobody', others: null }], 'a container that is not known')
  t.same(await told(['P1', 'P2']), [{ container_named: null, others: ['P1', 'P2'] }])
  t.same(await told(['P1', first.id]), [{ container_named: null, others: ['P1'] }], 'one container by two names')
})

t.test('a step that is told again with a further container has both, and a correction replaces all', async (t) => {
  const { lab } = await aLabWithPlates(t)
  const step = await logged(lab, { containers: ['P1'] })
  const again = await lab.post('/api/steps', { ...aStep({ containers: ['P1', 'P2'] }), id: step.id })
  t.match(again, { status: 200, body: { version: 2, containers: [{ named: 'P1' }, { named: 'P2' }] } })
  t.same(await places(lab, step.id), [{ container_named: null, others: ['P1', 'P2'] }])
  for (const containers of [['P2'], [], ['P1', 'P2'], ['P1']]) {
    const corrected = await lab.patch(`/api/steps/${step.id}`, { reason: 'looked', containers })
    t.same(corrected.body.containers.map(({ named }: { named: string }) => named), containers)
  }
  const other = await logged(lab, { containers: ['P1'] })
  t.match(await lab.patch(`/api/steps/${other.id}`, { reason: 'looked', containers: ['P2'] }), { body: { containers: [{ named: 'P2' }] } })
  t.same(await places(lab, other.id), [{ container_named: null, others: ['P2'] }])
})

t.test('wherever the container of a step stands, every answer is the same', async (t) => {
  const { lab, first, experiment } = await aLabWithPlates(t)
  const step = await logged(lab, { kind: 'move', containers: ['P1'], experiment_id: experiment.id, origin: { device: 'Hotel', position: 0 }, destination: { device: 'Reader', position: 0 } })
  await logged(lab, { containers: ['P1', 'P2'], experiment_id: experiment.id })
  await logged(lab, { containers: ['gone'] })
  const asked = async () => await Promise.all([
    `/api/steps/${step.id}`, '/api/steps?container=P1', `/api/steps?container=${first.id}&count=true`, '/api/containers/P1/history', '/api/containers/P2/history', '/api/events?container=P1',
    `/api/events?container=P1&experiment=${experiment.id}`, `/api/experiments/${experiment.id}/timeline`, '/api/lab/health', '/api/search?q=P1'
  ].map(async (path) => {
    const { status, body } = await lab.get(path)
    return { path, status, body: { ...body, now: null, estimate: null, checked_at: null } as unknown }
  }))
  const before = await asked()
  t.match(before[1], { body: { items: { length: 2 } } })
  await lab.query('SELECT move_to_step_container(ARRAY(SELECT id FROM step))')
  t.same(await rows(lab, 'SELECT count(*)::int FROM step WHERE container_named IS NOT NULL'), [{ count: 0 }])
  t.same(await asked(), before)
})

t.test('a step cannot have containers in both places', async (t) => {
  const { lab, second } = await aLabWithPlates(t)
  const one = await logged(lab, { containers: ['P1'] })
  const several = await logged(lab, { containers: ['P1', 'P2'] })
  const rule = { code: '23000' }
  await t.rejects(lab.query("INSERT INTO step_container (step_id, ordinal, named, container_id) VALUES ($1, 1, 'P2', $2)", [one.id, second.id]), rule)
  await t.rejects(lab.query("UPDATE step SET container_named = 'P2' WHERE id = $1", [several.id]), rule)
  await t.rejects(lab.query('UPDATE step SET container_id = $2 WHERE id = $1', [several.id, second.id]), { code: '23514' }, 'nor one without a name')
})

t.test('what reads the containers of steps reads them in both places', (t) => {
  const both = ['src/estimation/timeline.sql.ts', 'prisma/sql/step/container_of_step.sql', 'prisma/sql/step/step_state.sql', 'prisma/sql/step/refuse_two_places.sql']
  const files = ['src', 'prisma/sql'].flatMap((folder) => readdirSync(`${projectRoot}/${folder}`, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`))
    .filter((name) => /\.(ts|sql)$/.test(name) && !name.startsWith('src/store/generated'))
  const readers = files.filter((name) => /(?<!DELETE )\b(FROM|JOIN) step_container\b/.test(readFileSync(`${projectRoot}/${name}`, 'utf8')))
  t.same(readers.sort(), both.sort(), 'read the view container_of_step instead of the table')
  t.end()
})
