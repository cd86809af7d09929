import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { seededRandom } from '../../src/estimation/random.ts'
import { anExperiment, aStep } from '../support/log.ts'
import { aLab, type Answer, type Service } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'

// Everything that locks steps, runs, experiments and the lab does so in this order. PostgreSQL ends a deadlock only after a second, in which all
// commands of the lab wait. Every test fails if PostgreSQL found one in its database (test/support/database.ts).

const commandsOfEach = repetitions({ quick: 40, thorough: 300 })
const workers = 8
const seed = Number(process.env.DEADLOCK_SEED ?? Date.now() % 1e6)
const sharedSteps = Array.from({ length: 6 }, (_, n) => `01890000-0000-7000-8000-0000000000a${n}`)

/** Returns the same new id five times, then another one. So several commands at once name something that none of them knows. */
function newToSeveral (): () => string {
  let id = ''
  let calls = 0
  return () => {
    if (calls++ % 5 === 0) id = randomUUID()
    return id
  }
}

/** `newStep` and `newExperiment` return ids that other commands name for the first time, too. */
type Known = { process: string, experiments: string[], newStep: () => string, newExperiment: () => string }

/** Random commands on few things, so that they meet. Each names what others change at the same time. */
function commandsOn (lab: Service, known: Known, random: () => number): (() => Promise<Answer>)[] {
  const one = <T> (list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const start = () => `2026-03-0${one([2, 3, 4])}T09:00:00Z`
  const device = () => one(['Hotel', 'Reader', `Unknown${Math.floor(random() * 1000)}`])
  const experiment = () => one([undefined, ...known.experiments, known.newExperiment()])
  const stepOf = (id: string) => {
    const begun = start()
    return { id, device: device(), start: begun, ...one([{ finish: begun.replace('09', '10') }, { status: 'running' }]), experiment_id: experiment() }
  }
  const several = () => Array.from({ length: 4 }, () => stepOf(one([known.newStep(), ...sharedSteps]))).filter(({ id }, at, all) => all.findIndex((other) => other.id === id) === at)
  const container = () => one(['P1', 'P2', 'P3'])
  return [
    () => lab.post('/api/steps', stepOf(one([known.newStep(), ...sharedSteps]))),
    () => lab.post('/api/steps', stepOf(randomUUID())),
    () => lab.post('/api/steps/batch', { steps: several() }),
    () => lab.post('/api/transfers', { container: container(), target: { device: one(['Hotel', 'Reader']) }, step: stepOf(one([known.newStep(), ...sharedSteps])) }),
    () => lab.post('/api/transfers/batch', { transfers: several().map((step) => ({ container: container(), target: { device: 'Hotel' }, step })) }),
    () => lab.post(`/api/containers/${container()}/move`, { target_device: one(['Hotel', 'Reader']) }),
    () => { const begun = start(); return lab.patch(`/api/steps/${one(sharedSteps)}`, { start: begun, finish: begun.replace('09', '11'), device: device(), reason: 'the clock was wrong' }) },
    () => lab.post(`/api/steps/${one(sharedSteps)}/finish`, {}),
    () => lab.post(`/api/steps/${one(sharedSteps)}/${one(['pause', 'resume'])}`, {}),
    () => lab.post('/api/steps/exclusions', { where: { device: 'Reader' }, decision: one(['exclude', 'include', 'undecided']), reason: 'the lamp was broken' }),
    () => lab.post('/api/experiments', { id: known.newExperiment(), process_id: known.process }),
    () => lab.patch(`/api/experiments/${one(known.experiments)}`, { name: `named at ${random()}` }),
    () => lab.post(`/api/experiments/${one(known.experiments)}/${one(['pause', 'resume'])}`, {})
  ]
}

t.test(`commands on the same things at the same time, beside the learner, wait for each other and never deadlock (seed ${seed})`, async (t: Test) => {
  const lab = await aLab(t, { Hotel: 20, Reader: 20 }, { DATABASE_POOL_MAX: '16' })
  for (const barcode of ['P1', 'P2', 'P3']) await lab.post('/api/containers', { device: 'Hotel', barcode })
  const first = await anExperiment(lab)
  const { body: second } = await lab.post('/api/experiments', { process_id: first.process_id })
  const known = { process: first.process_id, experiments: [first.id, second.id], newStep: newToSeveral(), newExperiment: newToSeveral() }
  await lab.post('/api/steps/batch', { steps: sharedSteps.map((id, n) => aStep(n % 2 === 0 ? { id } : { id, finish: null, status: 'running' })) })

  const worker = async (number: number): Promise<string[]> => {
    const random = seededRandom([seed, number])
    const commands = commandsOn(lab, known, random)
    const unexpected: string[] = []
    for (let n = 0; n < commandsOfEach; n++) {
      const { status, text } = await commands[Math.floor(random() * commands.length)]!()
      if (status === 400 || status >= 500) unexpected.push(text)
    }
    return unexpected
  }
  let over = false
  const learning = (async () => {
    while (!over) {
      await lab.app.learner.learnNow()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  const unexpected = (await Promise.all(Array.from({ length: workers }, (_, number) => worker(number)))).flat()
  over = true
  await learning

  t.same(unexpected, [])
})
