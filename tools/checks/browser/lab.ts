import type { Call } from './page.ts'

/** A lab with something of everything: plates with and without lids, a lid on its own, a long name, another script, a reservation, a missing plate, a step that hangs. */
export async function fillLab (call: Call): Promise<void> {
  await call('PUT', '/api/lab/config', {
    sila_servers: {
      storage: { Hotel1: { capacity: 20 }, Hotel2: { capacity: 20 }, Inkubationsschrank_mit_sehr_langem_Namen: { capacity: 100 } },
      devices: { Washer: { capacity: 1 }, Sealer: { capacity: 1 }, Bin: { capacity: 1, disposes: true } }
    }
  })
  for (let n = 0; n < 5; n++) await call('POST', '/api/containers', { device: 'Hotel1', position: n * 3, barcode: `SCREEN_00${n}`, lidded: n % 2 === 0, labware_type: 'Greiner 96' })
  await call('POST', '/api/containers', { device: 'Hotel2', position: 18, barcode: 'SCREEN_014', lid: { device: 'Hotel2', position: 19 } })
  await call('POST', '/api/containers', { device: 'Hotel2', position: 3, barcode: 'X'.repeat(200) })
  await call('POST', '/api/containers', { device: 'Hotel2', position: 4, barcode: '细胞板-07' })
  await call('POST', '/api/containers', { device: 'Hotel2', position: 5, barcode: 'LOST_1' })
  await call('POST', '/api/arrangements', { reason: 'nobody sees it', items: [], missing: ['LOST_1'] })
  await call('POST', '/api/reservations', { device: 'Hotel1', purpose: 'container', owner: 'orchestrator-1', ttl_seconds: 3600 })
  const yesterday = Date.now() - 86_400_000
  for (let n = 0; n < 12; n++) {
    await call('POST', '/api/steps', { device: 'Washer', data: { fct: 'wash' }, start: timeOf(yesterday + n * 60_000), finish: timeOf(yesterday + n * 60_000 + 7000) })
  }
  await aRun(call)
  await call('POST', '/api/steps', { device: 'Washer', name: 'wash', data: { fct: 'wash' }, start: timeOf(Date.now() - 195_000), containers: ['SCREEN_014'] })
}

/** 10,000 slots in 100 devices, a plate in every third. */
export async function fillLargeLab (call: Call): Promise<void> {
  const names = Array.from({ length: 100 }, (_, n) => `Hotel${n}`)
  await call('PUT', '/api/lab/config', { sila_servers: { storage: Object.fromEntries(names.map((name) => [name, { capacity: 100 }])) } })
  for (let n = 0; n < 100; n += 20) {
    const containers = names.slice(n, n + 20).flatMap((device) => Array.from({ length: 34 }, (_, plate) => ({ device, position: plate * 3, barcode: `${device}_${plate}` })))
    await call('POST', '/api/containers/batch', { containers })
  }
}

/** What somebody has to think of: one device only, with 10,000 slots, one of them waste; the longest barcode, other scripts, and a lid whose plate is missing. */
export async function fillOddLab (call: Call): Promise<void> {
  await call('PUT', '/api/lab/config', { sila_servers: { storage: { Tower: { capacity: 10_000, slots: { 5: { disposes: true } } } } } })
  await call('POST', '/api/containers', { device: 'Tower', position: 0, barcode: 'X'.repeat(200), lidded: true })
  await call('POST', '/api/containers', { device: 'Tower', position: 1, barcode: '细胞培养板-第七号-备用', name: '人类诱导多能干细胞' })
  await call('POST', '/api/containers', { device: 'Tower', position: 2, barcode: 'NO_PLATE', lid: { device: 'Tower', position: 3 } })
  await call('POST', '/api/arrangements', { reason: 'only its lid is there', items: [], missing: ['NO_PLATE'] })
  await call('POST', '/api/containers', { device: 'Tower', position: 9999, barcode: 'LAST' })
}

/** Waits until the service has raised the alarm of the step that hangs. It is a change like others, so whoever counts or goes through changes waits for it first. */
export async function alarmRaised (call: Call): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until;) {
    const { items } = await call('GET', '/api/alarms') as { items: object[] }
    if (items.length > 0) return
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
  throw new Error('no alarm was raised within a minute')
}

/** The run, and a step of it that took longer than promised. */
export const runId = '01989a00-0000-7000-8000-000000000041'
export const lateStepId = '01989a00-0000-7000-8000-000000000042'

/** Two runs of a process that have ended, and one that runs: a step took longer than promised, one goes on, and a plate waited. */
async function aRun (call: Call): Promise<void> {
  const { id } = await call('POST', '/api/processes', { name: 'cell paint v2', source: 'wash, then seal' })
  for (const [n, daysAgo] of [2, 1].entries()) {
    const run = await call('POST', '/api/experiments', { process_id: String(id), name: `earlier ${n}` })
    await stepsOf(call, String(run.id), Date.now() - daysAgo * 86_400_000, [20, 400])
    await call('PATCH', `/api/experiments/${String(run.id)}`, { status: 'running' })
    await call('PATCH', `/api/experiments/${String(run.id)}`, { status: 'completed' })
  }
  await call('POST', '/api/experiments', { id: runId, process_id: String(id), name: 'SCREEN run 41' })
  await call('PATCH', `/api/experiments/${runId}`, { status: 'running' })
  await stepsOf(call, runId, Date.now() - 300_000, [90, null])
}

/** A wash of this many seconds, a pause, and sealing, which can go on. */
async function stepsOf (call: Call, experiment_id: string, start: number, [wash, seal]: readonly [number, number | null]): Promise<void> {
  const sealing = start + (wash + 40) * 1000
  const late = wash > 60 ? { id: lateStepId } : {}
  await call('POST', '/api/steps', { ...late, device: 'Sealer', data: { fct: 'press' }, experiment_id, containers: ['SCREEN_001'], start: timeOf(start), finish: timeOf(start + wash * 1000) })
  await call('POST', '/api/steps', {
    device: 'Sealer', data: { fct: 'seal' }, experiment_id, containers: ['SCREEN_001'], start: timeOf(sealing), ...seal === null ? {} : { finish: timeOf(sealing + seal * 1000) }
  })
}

function timeOf (milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
