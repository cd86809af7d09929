import t from 'tap'
import { bodyTurns } from '../../src/plugins/body-turns.ts'
import { aLab } from '../support/service.ts'

t.test('large bodies are parsed one after the other, with time for others in between, and the actors take turns', async (t) => {
  const turns = bodyTurns(60_000)
  const parsed: string[] = []
  let turn = 0
  let counting = true
  const count = (): void => {
    turn += 1
    if (counting) setImmediate(count)
  }
  count()
  const at: number[] = []
  const read = (actor: string) => async () => await turns.take(actor, () => {
    parsed.push(actor)
    at.push(turn)
  })
  await Promise.all([...Array.from({ length: 4 }, () => read('dashboard')), read('robot')].map(async (run) => await run()))
  counting = false
  t.same(parsed, ['dashboard', 'dashboard', 'robot', 'dashboard', 'dashboard'])
  t.ok(at.every((one, n) => n === 0 || one > at[n - 1]!), `turns of the event loop: ${at.join(', ')}`)
})

t.test('a body that cannot be parsed fails, and the next one has its turn', async (t) => {
  const turns = bodyTurns(60_000)
  const failed = turns.take('a', () => { throw new Error('not JSON') })
  const next = turns.take('a', () => 1)
  await t.rejects(failed, { message: 'not JSON' })
  t.equal(await next, 1)
})

t.test('many clients with large bodies are all answered', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const steps = Array.from({ length: 1000 }, (_, n) => ({ device: 'Reader', data: { fct: 'read', wavelength: n, note: 'x'.repeat(60) } }))
  const answers = await Promise.all([...Array.from({ length: 6 }, async () => await lab.post('/api/estimates/batch', { steps: [...steps, { kind: 'nothing' }] })), lab.post('/api/containers', { device: 'Reader' })])
  t.same(answers.map(({ status }) => status), [400, 400, 400, 400, 400, 400, 201])
})
