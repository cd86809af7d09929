import t from 'tap'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { theDocument } from '../support/openapi.ts'
import { operationsOf, resolved } from './rules/rule.ts'

// Users copy the examples of the document first. Each example is valid as it is. The things that it names may be missing, but
// the service must not find a fault in its form.

const document = await theDocument()
const lab = await aLabAtWork(t, { AUTH: 'off' })
const names: Record<string, string> = { device: 'Hotel', container: lab.container, position: '3', key: lab.stepKind }
const key = await lab.post('/api/keys', { name: 'viewer', scopes: ['read'] })
const ids: Record<string, string> = {
  processes: lab.process, experiments: lab.experiment, steps: lab.step, reservations: lab.reservation, keys: key.body.id,
  stocktakes: lab.stocktake, orchestrators: lab.orchestrator, alarms: lab.alarm, webhooks: lab.webhook
}
const address = await lab.listen()

// A stream of what the lab never had would stay silent, and figures of it would be empty.
const refusesUnknownNames = new Set(['streamEvents', 'getUtilization', 'listStepKinds'])

/** The status of the response. Its body is not read: a stream has no end. */
async function statusOf (path: string): Promise<number> {
  const { status, body } = await fetch(address + path)
  await body?.cancel()
  return status
}

for (const { at, path, method, operation } of operationsOf(document).filter((one) => one.operation.requestBody !== undefined)) {
  t.test(`the examples of ${at} are taken`, async (t) => {
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? ids[path.split('/')[2]!]!)
    for (const [type, { schema }] of Object.entries<any>(operation.requestBody.content)) {
      for (const example of resolved(document, schema).examples) {
        const payload = type === 'application/json' ? JSON.stringify(example) : example
        const answer = await lab.call(method.toUpperCase() as 'POST', url, payload, { 'content-type': type })
        // the example of a sign-in has no key that works
        t.ok(answer.status < 300 || [401, 404, 409].includes(answer.status), `${type} ${payload.slice(0, 80)}: ${answer.status} ${answer.text.slice(0, 200)}`)
      }
    }
  })
}

for (const { at, path, operation } of operationsOf(document).filter(({ method, path }) => method === 'get' && path.startsWith('/api/'))) {
  t.test(`the examples of the parameters of ${at} are taken`, async (t) => {
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? ids[path.split('/')[2]!]!)
    const parameters = (operation.parameters ?? []).filter((one: any) => one.in === 'query' && one.name !== 'cursor')
    const exampleOf = (schema: any) => encodeURIComponent(resolved(document, schema).examples[0])
    for (const { name, schema } of parameters) {
      const others = parameters.filter((one: any) => one.required === true && one.name !== name).map((one: any) => `&${one.name}=${exampleOf(one.schema)}`).join('')
      const { examples = [], enum: values = [], default: usual } = resolved(document, schema)
      for (const example of [...examples, ...values, ...usual === undefined ? [] : [usual]]) {
        const status = await statusOf(`${url}?${name}=${encodeURIComponent(example)}${others}`)
        // what exists now did not exist at every past time
        t.ok(status === 200 || (status === 404 && (name === 'at' || refusesUnknownNames.has(operation.operationId))), `${name}=${example}: ${status}`)
      }
    }
  })
}
