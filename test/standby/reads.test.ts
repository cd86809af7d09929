import t from 'tap'
import { operationsOf, resolved } from '../contract/rules/rule.ts'
import { putToWork } from '../support/lab-at-work.ts'
import { rows } from '../support/log.ts'
import { theDocument } from '../support/openapi.ts'
import { aServiceOn } from '../support/service.ts'
import { aStandby } from '../support/standby.ts'

// Who plans asks an instance on a standby, at any time: also before an instance on the primary has learnt from the last run.
t.test('an instance on a standby answers every read and every estimate while runs are unlearnt, as new as it was asked to', async (t) => {
  const { primary, standby } = await aStandby(t)
  // three servers on a busy machine may take long for a connection
  const env = { AUTH: 'off', DATABASE_CONNECT_TIMEOUT_MS: '30000' }
  const lab = await putToWork(await aServiceOn(t, primary, env))
  const key = await lab.post('/api/keys', { name: 'viewer', scopes: ['read'] })
  const reader = await aServiceOn(t, standby, env, undefined, { minRevisionWaitMs: 10_000 })
  const newest = Number((await lab.get('/api/lab')).body.revision)
  await reader.get(`/api/lab?min_revision=${newest}`)
  t.same(await rows(reader, 'SELECT DISTINCT pending FROM run WHERE run_can_be_learnt(run)'), [{ pending: true }], 'runs are over, and unlearnt')

  const names: Record<string, string> = { device: 'Hotel', container: lab.container, position: '3', key: lab.stepKind }
  const ids: Record<string, string> = {
    processes: lab.process, experiments: lab.experiment, steps: lab.step, reservations: lab.reservation, keys: key.body.id,
    stocktakes: lab.stocktake, orchestrators: lab.orchestrator, alarms: lab.alarm, webhooks: lab.webhook
  }
  const document = await theDocument()
  const parametersOf = (operation: any): any[] => operation.parameters ?? []
  const reads = operationsOf(document).filter(({ operation }) => parametersOf(operation).some(({ name }) => name === 'min_revision') && operation.operationId !== 'streamEvents')
  t.ok(reads.length > 40, `${reads.length} reads are seen`)
  t.ok(reads.filter(({ method }) => method === 'post').length >= 3, 'estimates are among them')
  for (const { at, path, method, operation } of reads) {
    const required = parametersOf(operation).filter((one) => one.in === 'query' && one.required === true)
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? ids[path.split('/')[2]!]!)
    const query = [...required.map(({ name, schema }) => `${name}=${encodeURIComponent(resolved(document, schema).examples[0])}`), `min_revision=${newest}`].join('&')
    const schema = operation.requestBody?.content['application/json'].schema
    for (const body of schema === undefined ? [undefined] : resolved(document, schema).examples) {
      const ask = async (service: typeof reader) => {
        const { status, body: { code = null, detail = null } } = await service.call(method.toUpperCase() as 'GET', `${url}?${query}`, body)
        return { status, code, detail: status === 503 ? detail : null }
      }
      const answer = await ask(reader)
      t.same(answer, await ask(lab), at)
      t.ok(answer.status < 500, at)
    }
  }
})
