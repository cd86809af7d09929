import { parser } from '@prometheus-io/lezer-promql'
import parseText from 'parse-prometheus-text-format'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse as parseYaml } from 'yaml'
import { labMetrics } from '../../src/metrics/lab-metrics.ts'
import { projectRoot } from '../../src/project-root.ts'
import { aLab, aService, aServiceOn, type Service } from '../support/service.ts'
import { aListener, has } from '../support/stream.ts'
import { lasting } from '../support/times.ts'

// Prometheus asks for /metrics. An independent parser reads the text here.

type Value = { value?: string, labels?: Record<string, string> }

async function metricsOf (service: Service): Promise<Map<string, { type: string, help: string, metrics: Value[] }>> {
  const { status, text } = await service.get('/metrics')
  t.equal(status, 200)
  return new Map(parseText(text).map((family) => [family.name, family]))
}

const valueOf = (family: { metrics: Value[] } | undefined, labels: Record<string, string> = {}): number =>
  Number(family?.metrics.find((one) => Object.entries(labels).every(([name, value]) => one.labels?.[name] === value))?.value)

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString()

t.test('the metrics say how the lab is', async (t) => {
  const lab = await aLab(t, { 'Ho"tel\\1': 4, Reader: 1, Bin: 0 })
  const empty = await metricsOf(lab)
  t.equal(valueOf(empty.get('platform_status_device_slots'), { device: 'Ho"tel\\1', state: 'free' }), 4, 'names are escaped')
  await lab.post('/api/containers', { device: 'Reader', barcode: 'P1', lidded: true })
  await lab.post('/api/containers/P1/unlid', { lid_device: 'Ho"tel\\1' })
  await lab.post('/api/reservations', { device: 'Ho"tel\\1', purpose: 'container', owner: 'scheduler', ttl_seconds: 60 })
  await lab.post('/api/steps', { device: 'Reader', start: ago(10), containers: ['P1'] })
  const now = await metricsOf(lab)
  t.equal(valueOf(now.get('platform_status_database_up')), 1)
  t.equal(valueOf(now.get('platform_status_revision')), (await lab.get('/api/lab')).body.revision)
  t.ok(valueOf(now.get('platform_status_revision_age_seconds')) < 60)
  t.equal(valueOf(now.get('platform_status_containers')), 1)
  t.equal(valueOf(now.get('platform_status_missing_containers')), 0)
  t.equal(valueOf(now.get('platform_status_reservations')), 1)
  t.equal(valueOf(now.get('platform_status_steps'), { status: 'running' }), 1)
  t.equal(valueOf(now.get('platform_status_steps'), { status: 'paused' }), 0)
  t.equal(valueOf(now.get('platform_status_steps'), { status: 'lost' }), 0)
  t.equal(valueOf(now.get('platform_status_alarms'), { state: 'new' }), 0)
  for (const state of ['current', 'behind', 'off', 'failed']) t.equal(valueOf(now.get('platform_status_webhooks'), { state }), 0)
  t.equal(valueOf(now.get('platform_status_streams')), 0)
  for (const [device, state, count] of [['Ho"tel\\1', 'occupied', 1], ['Ho"tel\\1', 'reserved', 1], ['Ho"tel\\1', 'free', 2], ['Reader', 'occupied', 1], ['Reader', 'free', 0]] as const) {
    t.equal(valueOf(now.get('platform_status_device_slots'), { device, state }), count, `${device} ${state}`)
  }
  t.equal(valueOf(now.get('platform_status_slots'), { state: 'free' }), 2)
})

t.test('the metrics count lost steps, alarms and open streams', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const path = '/api/orchestrators/cage1'
  await lab.put(path, { session: 'first', ttl_seconds: 60 })
  for (const seconds of [20, 10]) await lab.post('/api/steps', { device: 'Reader', start: ago(seconds), session: 'first' })
  await lab.put(path, { session: 'second', ttl_seconds: 60 })
  const { body: { items: [alarm] } } = await lab.get('/api/alarms')
  await lab.post(`/api/alarms/${alarm.id}/acknowledge`, { note: 'Anna: on my way' })
  const address = await lab.listen()
  const stream = await fetch(`${address}/api/events/stream`)
  const now = await metricsOf(lab)
  t.equal(valueOf(now.get('platform_status_steps'), { status: 'lost' }), 2)
  t.equal(valueOf(now.get('platform_status_steps'), { status: 'running' }), 0)
  t.equal(valueOf(now.get('platform_status_alarms'), { state: 'new' }), 1)
  t.equal(valueOf(now.get('platform_status_alarms'), { state: 'acknowledged' }), 1)
  t.equal(valueOf(now.get('platform_status_streams')), 1)
  await stream.body?.cancel()
})

t.test('a stream is counted as a request when it begins, once however it ends, and is not among the times of answers', async (t) => {
  const { service, stream } = await aListener(t, { heartbeatMs: 100 })
  const counted = async (): Promise<number> => valueOf((await metricsOf(service)).get('platform_status_requests_total'), { operation: 'streamEvents', status: '200' })
  const killed = await stream()
  await killed.until(has('hello'))
  t.equal(await counted(), 1)
  killed.kill()
  const other = await stream()
  await service.post('/api/keys', { name: 'admin', scopes: ['admin'] })
  await other.ended
  t.ok(has('bye')(other.frames))
  t.equal(await counted(), 2)
  t.notMatch((await service.get('/metrics')).text, /duration_seconds_count\{operation="streamEvents"/)
})

t.test('webhooks that somebody switched off are told from those that the service switched off', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const ids: string[] = []
  for (let n = 0; n < 3; n++) ids.push((await lab.post('/api/webhooks', { url: 'http://127.0.0.1:9/' })).body.id)
  await lab.patch(`/api/webhooks/${ids[0]}`, { disabled: true })
  await lab.query("UPDATE webhook SET disabled_at = now(), disabled_because = 'gone' WHERE id = $1", [ids[1]])
  const webhooks = (await metricsOf(lab)).get('platform_status_webhooks')
  for (const [state, count] of [['off', 1], ['failed', 1], ['behind', 1]] as const) t.equal(valueOf(webhooks, { state }), count, state)
})

t.test('the metrics count requests by operation and status, and the time they took', async (t) => {
  const lab = await aLab(t, { Fridge: 2 })
  await lab.post('/api/containers', { device: 'Fridge', barcode: 'P1' })
  await lab.get('/api/containers/P1')
  await lab.get('/api/containers/P1')
  await lab.get('/api/containers/P2')
  await lab.get('/no/such/path')
  const now = await metricsOf(lab)
  const requests = now.get('platform_status_requests_total')
  t.equal(valueOf(requests, { operation: 'getContainer', status: '200' }), 2)
  t.equal(valueOf(requests, { operation: 'getContainer', status: '404' }), 1)
  t.equal(valueOf(requests, { operation: 'none', status: '404' }), 1, 'a path of anybody makes no label of its own')
  t.equal(now.get('platform_status_request_duration_seconds')!.type, 'HISTOGRAM')
  // the parser leaves the labels of histograms out; tools/checks/python-client reads them with that of Prometheus
  const { text } = await lab.get('/metrics')
  const counts = [...text.matchAll(/^platform_status_request_duration_seconds_bucket{operation="getContainer",le="([^"]+)"} (\d+)$/gm)].map(([, bound, count]) => [bound, Number(count)] as const)
  t.strictSame(counts.at(-1), ['+Inf', 3])
  t.strictSame(counts.map(([, count]) => count), counts.map(([, count]) => count).toSorted((one, other) => one - other), 'each bucket has those below it')
  t.match(text, /^platform_status_request_duration_seconds_count{operation="getContainer"} 3$/m)
  await new Promise((resolve) => setTimeout(resolve, 250))
  t.match((await lab.get('/metrics')).text, /^platform_status_event_loop_delay_seconds_count [1-9]/m)
})

t.test('the metrics count repeats, estimates, and learnt steps that kept their bound', async (t) => {
  const lab = await aLab(t, { Reader: 1 })
  const key = { 'idempotency-key': 'once' }
  for (let n = 0; n < 3; n++) await lab.post('/api/processes', { name: 'Assay', source: 'x' }, key)
  const day = 86_400
  for (let run = 9; run >= 2; run--) {
    const { body: { id: process_id } } = await lab.post('/api/processes', { name: `Assay ${run}`, source: `${run}` })
    const { body: { id: experiment_id } } = await lab.post('/api/experiments', { process_id, name: `run ${run}` })
    const steps = Array.from({ length: 40 }, (_, n) => ({ device: 'Reader', experiment_id, data: { fct: 'read' }, ...lasting(10 + n % 7, run * day - n * 100 - 10 - n % 7) }))
    await lab.post('/api/steps/batch', { steps })
    await lab.patch(`/api/experiments/${experiment_id}`, { status: 'completed' })
  }
  await lab.app.learner.learnNow()
  await lab.post('/api/estimates', { step: { device: 'Reader', data: { fct: 'read' } } })
  await lab.post('/api/estimates/batch', { steps: [{ device: 'Reader', data: { fct: 'read' } }, { device: 'Other', data: { fct: 'never' } }] })
  const now = await metricsOf(lab)
  t.equal(valueOf(now.get('platform_status_idempotency_replays_total'), { operation: 'createProcess' }), 2)
  const estimates = now.get('platform_status_estimates_total')!.metrics
  t.equal(estimates.reduce((sum, { value }) => sum + Number(value), 0), 3)
  t.ok(estimates.some(({ labels }) => labels?.method === 'rank'))
  const learnt = now.get('platform_status_learnt_steps_total')
  const [kept, missed] = ['yes', 'no'].map((answer) => valueOf(learnt, { confidence: '0.95', kept: answer })) as [number, number]
  t.ok(kept + missed >= 200, 'the runs after the first')
  t.ok(kept / (kept + missed) > 0.9)
})

t.test('a database that does not answer is a metric, and why requests fail is counted', async (t) => {
  const lab = await aLab(t, { Fridge: 1 })
  const { pool } = lab.app.database
  const { connect } = pool
  const shutDown = Object.assign(new Error('the database system is shutting down'), { code: '57P03', severity: 'FATAL' })
  pool.connect = ((callback?: (error: Error) => void) => callback === undefined ? Promise.reject(shutDown) : callback(shutDown)) as typeof pool.connect
  t.match(await lab.get('/api/containers'), { status: 503 })
  lab.app.database.largeReads = async () => { throw new Error('connect ECONNREFUSED') }
  const down = await metricsOf(lab)
  pool.connect = connect
  t.equal(valueOf(down.get('platform_status_database_up')), 0)
  t.notOk(down.has('platform_status_revision'), 'what is not known is not said')
  t.equal(valueOf(down.get('platform_status_database_faults_total'), { sqlstate: '57P03' }), 1)
})

t.test('the metrics need a key with scope read, but not from this machine', async (t) => {
  const service = await aService(t)
  const { body: { key } } = await service.post('/api/keys', { name: 'prometheus', scopes: ['read'] })
  t.match(await service.get('/metrics'), { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' } })
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip']) t.match(await service.get('/metrics', { [header]: '10.0.0.7' }), { status: 401 }, `through a proxy on this machine that sends ${header}`)
  t.match(await service.get('/metrics', { origin: 'https://attacker.example' }), { status: 403, body: { code: 'cross-origin-request' } }, 'from a page of another origin')
  t.match(await service.get('/metrics', { 'sec-fetch-site': 'cross-site' }), { status: 403 }, 'from its images and forms')
  const shared = await aServiceOn(t, service.url, { CORS_ORIGINS: 'https://lab.example' })
  t.match(await shared.get('/metrics', { origin: 'https://lab.example' }), { status: 401 }, 'from a page that may call with a key, without one')
  t.match(await shared.get('/metrics', { origin: 'https://lab.example', authorization: `Bearer ${key}` }), { status: 200 })
  t.match(await service.get('/metrics', { host: 'attacker.example' }), { status: 401 }, 'from a web page that points its name here')
  const elsewhere = async (headers = {}) => (await service.app.inject({ url: '/metrics', remoteAddress: '10.0.0.7', headers })).statusCode
  t.equal(await elsewhere(), 401)
  t.equal(await elsewhere({ authorization: `Bearer ${key}` }), 200)
  t.match(await service.get('/metrics', { authorization: 'Bearer nobody' }), { status: 401 }, 'a key that is sent must be valid')
  t.match(await service.get('/metrics?verbose=1'), { status: 400 })
  t.match(await service.post('/metrics'), { status: 405 })
})

/** The names of metrics in an expression of PromQL. Throws if it is not valid. */
function namesIn (expression: string): string[] {
  const names: string[] = []
  parser.parse(expression).iterate({
    enter ({ type, from, to }) {
      if (type.isError) throw new Error(`not valid at ${from}: ${expression}`)
      // the parameter of Grafana is not part of PromQL
      if (type.name === 'VectorSelector') names.push(/^[\w:]+/.exec(expression.slice(from, to))![0])
    }
  })
  return names
}

/** The figures of the lab in an expression that are not first reduced to one for all instances, which all have the same. */
function countedTwice (expression: string, figures: ReadonlySet<string>): string[] {
  const found: string[] = []
  parser.parse(expression).iterate({
    enter ({ type, from, to, node }) {
      const name = type.name === 'VectorSelector' ? /^[\w:]+/.exec(expression.slice(from, to))![0] : ''
      if (!figures.has(name)) return
      let above = node.parent
      while (above !== null && above.type.name !== 'AggregateExpr') above = above.parent
      if (above === null || !/^(?:max|min)\b/.test(expression.slice(above.from))) found.push(name)
    }
  })
  return found
}

t.test('the board and the rules count what all instances say once', (t) => {
  const figures = new Set(labMetrics({
    revision: 1, revision_age_seconds: 1, containers: 0, missing: 0, reservations: 0, waiting_for_lock: 0, steps: { running: 0, paused: 0, lost: 0 }, alarms: { new: 0, acknowledged: 0 },
    webhooks: { current: 0, behind: 0, off: 0, failed: 0 }, webhooks_behind_seconds: 0, devices: [], slots: { slots: 0, occupied: 0, reserved: 0 }
  }).map(({ name }) => name))
  t.same(countedTwice('sum by (device) (platform_status_device_slots) > 1', figures), ['platform_status_device_slots'])
  for (const expression of expressionsOfExamples()) t.same(countedTwice(expression, figures), [], expression)
  t.end()
})

function expressionsOfExamples (): string[] {
  const read = (file: string): string => readFileSync(join(projectRoot, 'examples', file), 'utf8')
  const rules = (parseYaml(read('prometheus/rules.yml')) as { groups: { rules: { expr: string }[] }[] }).groups.flatMap((group) => group.rules.map(({ expr }) => expr))
  const board = JSON.parse(read('grafana/platform-status.json')) as { panels: { targets: { expr: string }[] }[] }
  return [...rules, ...board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m')))]
}

t.test('the board for Grafana and the rules for Prometheus use metrics that exist', async (t) => {
  const expressions = expressionsOfExamples()
  t.throws(() => namesIn('sum(rate(x[5m])'), 'an expression that is not valid is found')
  const { text } = await (await aLab(t, { Fridge: 1 })).get('/metrics')
  const known = new Set([...text.matchAll(/^# TYPE (\w+) (\w+)/gm)].flatMap(([, name, type]) => type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => `${name}${part}`) : [name!]))
  for (const name of new Set(expressions.flatMap(namesIn))) t.ok(name === 'up' || known.has(name), name)
  const guide = readFileSync(join(projectRoot, 'docs/guides/metrics.md'), 'utf8')
  for (const [, name] of text.matchAll(/^# TYPE (\w+)/gm)) t.match(guide, `\`${name}\``, `the guide has ${name}`)
})
