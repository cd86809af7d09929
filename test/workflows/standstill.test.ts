import pg from 'pg'
import t, { type Test } from 'tap'
import { learnNextRun } from '../../src/estimation/learning.ts'
import { operationsOf, mediaOf, resolved } from '../contract/rules/rule.ts'
import { aCommandLine } from '../support/command-line.ts'
import { rows } from '../support/log.ts'
import { theDocument } from '../support/openapi.ts'
import { aLab, type Service } from '../support/service.ts'

// The same runs in two laboratories. In one of them the last run stood still from Friday to Monday, and said so. Every operation that
// answers with seconds must answer the same in both, but for those that tell of the standstill itself.

const [minute, hour] = [60_000, 3_600_000]
const weekend = 63 * hour
const runs = 12
const devices = { Reader: 1, Incubator: 1, Arm: 1, Hotel: 4 }
const at = (time: number) => new Date(time).toISOString()
const read = { device: 'Reader', data: { fct: 'read', wavelength: 570 } }
const incubate = { device: 'Incubator', data: { fct: 'incubate', duration: 3600 } }
const carry = { kind: 'move', device: 'Arm', data: { fct: 'move' }, origin: { device: 'Hotel' }, destination: { device: 'Reader' } }

type Lab = Service & { process: string, lastRun: string, platformStatus: Awaited<ReturnType<typeof aCommandLine>>['platformStatus'] }

async function made (answer: ReturnType<Service['post']>): Promise<any> {
  const { status, body, text } = await answer
  if (status >= 300) throw new Error(text)
  return body
}

/** A run: a transport, an incubation of an hour and a little more, and two readings. It may stand in the middle of its incubation. */
async function aRun (lab: Service, process: string, nth: number, began: number, stands: number): Promise<string> {
  const { id: experiment_id } = await made(lab.post('/api/experiments', { process_id: process }))
  await made(lab.post('/api/containers', { device: 'Hotel', barcode: `Plate ${nth}` }))
  const containers = [`Plate ${nth}`]
  const log = async (step: object, from: number, seconds: number) => {
    await made(lab.post('/api/steps', { ...step, experiment_id, containers, start: at(from), finish: at(from + seconds * 1000) }))
  }
  await log(carry, began, 20 + nth % 4)
  const { id: incubation } = await made(lab.post('/api/steps', { ...incubate, experiment_id, containers, start: at(began + minute) }))
  if (stands > 0) {
    for (const path of [`/api/steps/${incubation}`, `/api/experiments/${experiment_id}`]) {
      await made(lab.post(`${path}/pause`, { at: at(began + 30 * minute), reason: 'weekend' }))
      await made(lab.post(`${path}/resume`, { at: at(began + 30 * minute + stands) }))
    }
  }
  const then = began + stands
  await made(lab.post(`/api/steps/${incubation}/finish`, { finish: at(then + 61 * minute + (5 + nth % 3) * 1000) }))
  await log(read, then + 65 * minute, 40 + nth % 5)
  await log(read, then + 70 * minute, 41 + nth % 7)
  await made(lab.patch(`/api/experiments/${experiment_id}`, { status: 'completed' }))
  await made(lab.delete(`/api/containers/${encodeURIComponent(`Plate ${nth}`)}`))
  return experiment_id as string
}

/** A laboratory with twelve runs on the days before a Friday of last month, from which the service has learnt. */
async function aLabWithRuns (t: Test, stands: number): Promise<Lab> {
  const lab = await aLab(t, devices)
  const { id: process } = await made(lab.post('/api/processes', { name: 'Assay', source: 'x' }))
  const friday = Date.parse('2026-10-09T15:00:00Z')
  let lastRun = ''
  for (let nth = 0; nth < runs; nth++) lastRun = await aRun(lab, process, nth, friday - (runs - 1 - nth) * 24 * hour, nth === runs - 1 ? stands : 0)
  const client = new pg.Client({ connectionString: lab.url })
  await client.connect()
  t.teardown(() => client.end())
  while (await learnNextRun(client, async () => {}) !== null);
  return { ...lab, process, lastRun, platformStatus: (await aCommandLine(lab)).platformStatus }
}

/** Only the members that must be equal: what is about time spent, not about the calendar or ids. */
function spent (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(spent)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) =>
    !/^(id|.*_id|.*_at|at|start|finish|first_start|last_finish|window_from|containers|revision|experiment|process|barcode|version|starting_.*)$/.test(name) &&
    // these tell of the standstill
    !/^(duration_seconds|paused_seconds)$/.test(name)).map(([name, inner]) => [name, spent(inner)]))
}

const estimates = [read, incubate, carry].flatMap((step) => [0.5, 0.8, 0.9].map((confidence) => ({ step, confidence })))
const plan = { steps: [carry, incubate, read, read], total: true, confidence: 0.9 }

/** How each operation that answers with seconds is asked. Estimates are compared as a whole: their `duration_seconds` is no standstill. */
const asked: Record<string, (lab: Lab) => Promise<unknown>> = {
  estimateStep: async (lab) => await Promise.all(estimates.map(async (body) => await whole(lab.post('/api/estimates?samples=true', body)))),
  estimateSteps: async (lab) => await whole(lab.post('/api/estimates/batch', plan)),
  estimateRemaining: async (lab) => {
    const start = Date.now() - hour
    const { id } = await made(lab.post('/api/steps', { ...read, start: at(start) }))
    await made(lab.post(`/api/steps/${id}/pause`, { at: at(start + 20_000) }))
    const { items: [{ step_id, ...answer }] } = await whole(lab.post('/api/estimates/remaining', { step_ids: [id], confidence: 0.8 })) as any
    await made(lab.post(`/api/steps/${id}/finish`, { status: 'aborted' }))
    return answer
  },
  getRunningSteps: async (lab) => {
    const start = Date.now() - hour
    const { id } = await made(lab.post('/api/steps', { ...read, start: at(start) }))
    await made(lab.post(`/api/steps/${id}/pause`, { at: at(start + 20_000) }))
    const { items } = await made(lab.get('/api/steps/running?confidence=0.8'))
    const { elapsed_seconds, share_longer, estimate } = items.find(({ step }: any) => step.id === id)
    await made(lab.post(`/api/steps/${id}/finish`, { status: 'aborted' }))
    return { elapsed_seconds, share_longer, estimate }
  },
  getCalibration: async (lab) => await whole(lab.get('/api/estimates/calibration?confidence=0.8&group_by=function')),
  listStepKinds: async (lab) => {
    const { items } = await made(lab.get('/api/estimates/kinds?confidence=0.8&since=2020-01-01T00:00:00Z&limit=100'))
    return items.map(({ key, drift_since, last_finish, ...kind }: any) => ({ ...kind, drifts: drift_since !== null }))
      .sort((a: any, b: any) => JSON.stringify([a.kind, a.device, a.fct, a.median_seconds]) < JSON.stringify([b.kind, b.device, b.fct, b.median_seconds]) ? -1 : 1)
  },
  getStepKind: async (lab) => {
    const { items } = await made(lab.get('/api/estimates/kinds?since=2020-01-01T00:00:00Z&limit=100'))
    const histories = await Promise.all(items.map(async ({ key }: any) => await made(lab.get(`/api/estimates/kinds/${key}/history?confidence=0.8&from=2026-06-01T00:00:00Z&to=2027-01-01T00:00:00Z`))))
    return histories.map(({ kind, device, fct, points, regimes }: any) => ({
      kind, device, fct, points: points.map(({ duration_seconds, bound_seconds, status }: any) => ({ duration_seconds, bound_seconds, status })),
      regimes: regimes.map(({ sample_size, median_seconds }: any) => ({ sample_size, median_seconds }))
    })).sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
  },
  getProcessDuration: async (lab) => await Promise.all([0.5, 0.8, 0.9].map(async (confidence) => await whole(lab.get(`/api/processes/${lab.process}/duration?confidence=${confidence}`)))),
  getStepStatistics: async (lab) => await Promise.all(['', 'device', 'fct,kind', 'status', 'process_id'].flatMap((by) => ['', '&excluded=any'].map(async (excluded) =>
    spent(await made(lab.get(`/api/steps/statistics?process_id=${lab.process}${by && `&group_by=${by}`}${excluded}`)))))),
  listSteps: async (lab) => spent(await made(lab.get(`/api/steps?process_id=${lab.process}&limit=500`))),
  getStep: async (lab) => spent(await made(lab.get(`/api/steps/${(await made(lab.get(`/api/experiments/${lab.lastRun}/steps`))).items[1].id}`))),
  listExperimentSteps: async (lab) => spent(await made(lab.get(`/api/experiments/${lab.lastRun}/steps`))),
  listExperiments: async (lab) => spent(await made(lab.get('/api/experiments'))),
  getExperiment: async (lab) => spent(await made(lab.get(`/api/experiments/${lab.lastRun}`))),
  getExperimentTimeline: async (lab) => {
    const { predicted, items } = await made(lab.get(`/api/experiments/${lab.lastRun}/timeline?confidence=0.8`))
    return { predicted, steps: items.map(({ step, predicted }: any) => [step.active_seconds, predicted]) }
  },
  getContainerHistory: async (lab) => {
    const { items } = await made(lab.get(`/api/containers?removed=true&name=${encodeURIComponent(`Plate ${runs - 1}`)}`))
    return (await made(lab.get(`/api/containers/${items[0].id}/history`))).items.filter(({ step }: any) => step !== null).map(({ step }: any) => spent(step))
  },
  getUtilization: async (lab) => {
    const { items } = await made(lab.get('/api/devices/utilization?from=2026-09-01T00:00:00Z&to=2026-11-01T00:00:00Z'))
    const busy = (device: string): number => items.filter((item: any) => item.device === device).reduce((sum: number, item: any) => sum + Math.round(item.busy_seconds * 1000), 0)
    return Object.keys(devices).map((device) => [device, busy(device)])
  },
  excludeSteps: async (lab) => {
    const { matched } = await made(lab.post('/api/steps/exclusions?dry_run=true', { where: { longer_than: 7200 }, reason: 'a look' }))
    return matched
  }
}

/** These tell what a command did, not how long something took. */
const commands = [
  'logStep', 'logSteps', 'finishStep', 'correctStep', 'pauseStep', 'resumeStep', 'getStepHistory', 'createExperiment', 'updateExperiment', 'pauseExperiment', 'resumeExperiment',
  'transferContainer', 'transferContainers', 'reservePositions', 'renewReservation', 'listReservations', 'getReservation', 'releaseReservation',
  'putOrchestrator', 'listOrchestrators', 'listWebhookAttempts'
]

async function whole (answer: ReturnType<Service['post']>): Promise<unknown> {
  const body = await made(answer)
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).filter(([name]) => !['window_from', 'process_id', 'finish', 'step_id'].includes(name) || name === 'seconds').map(([name, inner]) => [name, plain(inner)]))
  }
  return plain(body)
}

t.test('every operation that answers with seconds is compared here', async (t) => {
  const document = await theDocument()
  const answers = (operation: any): boolean => {
    const seen = new Set<unknown>()
    const has = (thing: any): boolean => {
      const schema = resolved(document, thing)
      if (typeof schema !== 'object' || schema === null || seen.has(schema)) return false
      seen.add(schema)
      return Object.keys(schema.properties ?? {}).some((name) => name.endsWith('seconds')) || Object.values(schema).some(has)
    }
    return Object.entries<any>(operation.responses).filter(([status]) => status.startsWith('2')).some(([, answer]) => mediaOf(resolved(document, answer)).some(({ schema }) => has(schema)))
  }
  const found = operationsOf(document).filter(({ operation }) => answers(operation)).map(({ operation }) => operation.operationId as string)
  t.ok(found.length > 15, String(found.length))
  t.same(found.filter((operation) => !(operation in asked) && !commands.includes(operation)), [], 'say in this test how the operation is asked')
})

t.test('a run that stood from Friday to Monday says so and changes no number', async (t) => {
  const [went, stood] = [await aLabWithRuns(t, 0), await aLabWithRuns(t, weekend)]
  t.match((await stood.get(`/api/experiments/${stood.lastRun}`)).body, { paused_seconds: weekend / 1000, duration_seconds: weekend / 1000 + 4245, active_seconds: 4245 })
  t.match((await stood.get(`/api/steps?experiment_id=${stood.lastRun}`)).body.items[1], { paused_seconds: weekend / 1000, active_seconds: 3607, excluded_from_estimates: null, warnings: [] })
  for (const [operation, ask] of Object.entries(asked)) {
    const [wanted, found] = [await ask(went), await ask(stood)]
    t.ok(JSON.stringify(wanted).length > 0)
    t.same(found, wanted, operation)
  }
  const learnt = async (lab: Lab) => await rows(lab, 'SELECT margins, rank_shift, round(total_ratio::numeric, 9) AS ratio, miss_seconds FROM run WHERE experiment_id IS NOT NULL ORDER BY ended_at')
  t.same(await learnt(stood), await learnt(went), 'what was learnt')
  t.equal((await learnt(stood)).length, runs)
  const health = async (lab: Lab) => (await lab.get('/api/lab/health')).body.findings.map(({ code }: any) => code)
  t.same(await health(stood), await health(went), 'health')

  const column = async (lab: Lab, name: string) => {
    const lines = (await lab.platformStatus('export', 'steps', '--format', 'csv')).out.trim().split('\r\n').map((line) => line.split(','))
    // Counted from the end, because `data` has commas.
    const fromEnd = lines[0]!.indexOf(name) - lines[0]!.length
    return lines.slice(1).filter((line) => line.includes('completed')).map((line) => line.at(fromEnd))
  }
  t.same(await column(stood, 'active_seconds'), await column(went, 'active_seconds'), 'the CSV export')
  t.ok((await column(stood, 'paused_seconds')).includes(String(weekend / 1000)))
  const seconds = async (lab: Lab) => (await lab.platformStatus('steps', '--device', 'Incubator')).out.split('\n').map((line) => /completed +(\S+)/.exec(line)?.[1])
  t.same(await seconds(stood), await seconds(went), 'the command line')
})

t.test('a run of which only the steps were paused spoils nothing, either', async (t) => {
  const lab = await aLab(t, devices)
  const { id: process } = await made(lab.post('/api/processes', { name: 'Assay', source: 'x' }))
  const { id: experiment_id } = await made(lab.post('/api/experiments', { process_id: process }))
  const began = Date.parse('2026-10-09T15:00:00Z')
  const { id: step } = await made(lab.post('/api/steps', { ...read, experiment_id, start: at(began) }))
  await made(lab.post(`/api/steps/${step}/pause`, { at: at(began + minute) }))
  await made(lab.post(`/api/steps/${step}/resume`, { at: at(began + minute + weekend) }))
  await made(lab.post(`/api/steps/${step}/finish`, { finish: at(began + 2 * minute + weekend) }))
  await made(lab.patch(`/api/experiments/${experiment_id}`, { status: 'completed' }))
  t.match(await made(lab.get(`/api/experiments/${experiment_id}`)), { paused_seconds: 0, active_seconds: 120 })
  t.match(await made(lab.get(`/api/processes/${process}/duration?confidence=0.5`)), { duration_seconds: 120, sample_size: 1 })
})

t.test('a run is learnt when it has ended, not while it is paused or has just been resumed', async (t) => {
  const lab = await aLab(t, devices)
  const { id: process } = await made(lab.post('/api/processes', { name: 'Assay', source: 'x' }))
  const { id: experiment_id } = await made(lab.post('/api/experiments', { process_id: process }))
  await made(lab.post('/api/steps', { ...read, experiment_id, start: '2026-10-09T15:00:00Z', finish: '2026-10-09T15:01:00Z' }))
  const client = new pg.Client({ connectionString: lab.url })
  await client.connect()
  t.teardown(() => client.end())
  const learn = async () => await learnNextRun(client, async () => {})
  await made(lab.post(`/api/experiments/${experiment_id}/pause`, { at: '2026-10-09T15:30:00Z' }))
  t.equal(await learn(), null, 'it is paused')
  await made(lab.post(`/api/experiments/${experiment_id}/resume`))
  t.equal(await learn(), null, 'it goes on')
  await made(lab.patch(`/api/experiments/${experiment_id}`, { status: 'completed' }))
  t.match(await learn(), { key: `experiment ${experiment_id}`, steps: 1 })
})
