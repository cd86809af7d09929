import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import t from 'tap'
import { problemCatalogue, type ProblemCode } from '../../src/contract/problems.ts'
import { requestOf, type Request } from '../support/arbitraries.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { theDocument } from '../support/openapi.ts'
import { operationsOf } from './rules/rule.ts'
import { repetitions } from '../support/thorough.ts'

// No input makes a 500. The requests are made from the OpenAPI document: valid, nearly valid and invalid ones, sent to a lab
// at work. The document must declare every answer. FUZZ_RUNS sets the number of requests, FUZZ_SEED the random numbers.

const runs = Number(process.env.FUZZ_RUNS ?? repetitions({ quick: 8, thorough: 20 }))
const seed = Number(process.env.FUZZ_SEED ?? 20260302)
/** These would remove everything that the other requests need. */
const last = ['retireDevice', 'putLabConfig', 'wipeLab']

const faults: string[] = []
const document = await theDocument()
const lab = await aLabAtWork(t, { BODY_LIMIT_BYTES: '100000', AUTH: 'off' }, (fault) => { faults.push(fault) })
const known = {
  DeviceName: ['Hotel', 'Washer', 'Arm'], Name: ['Hotel', 'Screening'], ContainerName: ['P1', 'P2', 'P3', lab.container], Barcode: ['P1', 'P2', 'P3'],
  Uuid: [lab.container, lab.process, lab.experiment, lab.step, lab.reservation], Slot: [0, 1, 2, 3, 4, 5]
}

t.comment(`${runs} requests an operation, seed ${seed}`)

const operations = operationsOf(document).sort((a, b) => last.indexOf(a.operation.operationId) - last.indexOf(b.operation.operationId))
for (const { at, path, method, operation } of operations) {
  t.test(`${at} answers as declared, whatever is sent`, async (t) => {
    await restocked()
    const requests = requestOf(document, path, method, operation, known)
    const checked = await fc.check(fc.asyncProperty(requests, async (request) => {
      const fault = await faultOf(operation, request)
      if (fault !== null) throw new Error(fault)
    }), { seed, numRuns: runs })
    t.notOk(checked.failed, checked.failed ? `${JSON.stringify(checked.counterexample)}: ${String(checked.errorInstance)}` : `${checked.numRuns} requests`)
  })
}

/** Answers that are right when an earlier request has removed the thing. */
async function restocked (): Promise<void> {
  await lab.put('/api/lab/config?prune=false', { sila_servers: { devices: { Hotel: { capacity: 6 }, Washer: { capacity: 1 }, Arm: { capacity: 0 } } } })
  for (const barcode of known.Barcode) await lab.post('/api/containers', { device: 'Hotel', barcode, if_occupied: 'adopt' })
  await lab.post('/api/steps', { id: lab.step, device: 'Washer', start: '2026-03-02T09:15:00Z', experiment_id: lab.experiment, data: { fct: 'wash' } })
  faults.length = 0
}

/** The body of a response. An event stream has no end, so it is closed unread. */
async function bodyOf (stream: Readable, type: string): Promise<string> {
  if (!type.startsWith('text/event-stream')) return await text(stream)
  stream.destroy()
  return ''
}

async function faultOf (operation: any, request: Request): Promise<string | null> {
  const answer = await lab.app.inject({ ...request as object, payloadAsStream: true })
  const payload = await bodyOf(answer.stream(), String(answer.headers['content-type']))
  const [reported] = faults.splice(0)
  if (reported !== undefined) return reported
  const { statusCode: status } = answer
  // A revision that the lab does not have yet is waited for, and then refused with 503.
  const isAhead = status === 503 && request.url.includes('min_revision=') && payload.includes('"not-yet-replicated"')
  if (status >= 500 && !isAhead) return `${status}: ${payload}`
  if (status < 400) return operation.responses[status] === undefined ? `${status} is not declared` : null
  if (!String(answer.headers['content-type']).startsWith('application/problem+json')) return `${status} is no problem+json: ${payload}`
  const { code } = JSON.parse(payload) as { code: ProblemCode }
  if (problemCatalogue[code]?.[0] !== status) return `${code} is not known with ${status}`
  // an unusual name can turn it into another path
  if (code === 'route-not-found' || code === 'method-not-allowed') return null
  return operation.responses[status]?.content['application/problem+json'].examples[code] === undefined ? `${status} ${code} is not declared: ${payload}` : null
}
