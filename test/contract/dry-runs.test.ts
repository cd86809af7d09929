import { randomUUID } from 'node:crypto'
import t from 'tap'
import { aCertificate } from '../support/certificate.ts'
import { aDump } from '../support/dump.ts'
import { aLabAtWork, type LabAtWork } from '../support/lab-at-work.ts'
import { theDocument } from '../support/openapi.ts'
import type { Answer } from '../support/service.ts'
import { operationsOf } from './rules/rule.ts'

// Every write of the document takes `?dry_run=true`: it answers what the write answers, and changes nothing.

type Write = { path: string, body?: unknown, type?: string, also?: 'other-form' }

const document = await theDocument()
const notForDryRuns = ['rotateWebhookSecret', 'createKey', 'createSession', 'deleteSession']
const writes = operationsOf(document).filter(({ method, operation }) => method !== 'get' && operation.security[0]?.key[0] !== 'read')
const times = { start: '2026-03-02T10:15:00Z', finish: '2026-03-02T10:16:00Z' }

/** A write for each operation, in an order in which each finds what it needs. `also: 'other-form'` marks those whose dry run says so in its response. */
function allWrites (lab: LabAtWork): Record<string, Write> {
  const { process, experiment, step, reservation, orchestrator, alarm, webhook } = lab
  return {
    putLabConfig: { path: '/api/lab/config', body: { sila_servers: { devices: { Hotel: { capacity: 7, slots: { 6: { max_height_mm: 30 } } }, Washer: { capacity: 1 }, Arm: { capacity: 0 } } } }, also: 'other-form' },
    putLabwareType: { path: '/api/labware-types/Flat', body: { height_mm: 14 } },
    addDevice: { path: '/api/devices', body: { name: 'Reader', capacity: 2 } },
    updateDevice: { path: '/api/devices/Reader', body: { type: 'reader', capacity: 3 } },
    updatePosition: { path: '/api/devices/Reader/positions/0', body: { deep_well_suited: true } },
    putCertificate: { path: '/api/devices/Reader/certificate', body: aCertificate, type: 'text/plain' },
    deleteCertificate: { path: '/api/devices/Reader/certificate' },
    addContainer: { path: '/api/containers', body: { device: 'Hotel', barcode: 'P3', lidded: true } },
    addContainers: { path: '/api/containers/batch', body: { containers: [{ device: 'Reader', barcode: 'P4' }] } },
    updateContainer: { path: '/api/containers/P3', body: { content: 'MTT' } },
    moveContainer: { path: '/api/containers/P1/move', body: { target_device: 'Washer' } },
    unlidContainer: { path: '/api/containers/P1/unlid', body: { lid_device: 'Reader' } },
    lidContainer: { path: '/api/containers/P1/lid', body: {} },
    moveFromPosition: { path: '/api/moves', body: { source_device: 'Washer', source_pos: 0, target_device: 'Hotel', target_pos: 0 } },
    correctContainer: { path: '/api/containers/P1/correct', body: { reason: 'seen', device: 'Washer', position: 0 } },
    transferContainer: { path: '/api/transfers', body: { container: 'P1', target: { device: 'Hotel', position: 0 } }, also: 'other-form' },
    transferContainers: { path: '/api/transfers/batch', body: { transfers: [{ container: 'P1', target: { device: 'Washer', position: 0 } }] }, also: 'other-form' },
    arrangeContainers: { path: '/api/arrangements', body: { reason: 'seen', items: [{ container: 'P1', device: 'Hotel', position: 0 }] }, also: 'other-form' },
    takeStock: { path: '/api/stocktakes', body: { device: 'Washer', seen: [{ position: 0, barcode: 'P9' }], reason: 'seen', apply: true }, also: 'other-form' },
    relabelContainers: { path: '/api/containers/relabel', body: { reason: 'torn', labels: [{ container: 'P9', barcode: 'P10' }] }, also: 'other-form' },
    renewReservation: { path: `/api/reservations/${reservation}`, body: { ttl_seconds: 1800 } },
    releaseReservation: { path: `/api/reservations/${reservation}` },
    reservePositions: { path: '/api/reservations', body: { device: 'Hotel', purpose: 'container', owner: 'ada', ttl_seconds: 60 } },
    createProcess: { path: '/api/processes', body: { name: 'Another', source: 'print()' } },
    createExperiment: { path: '/api/experiments', body: { process_id: process } },
    updateExperiment: { path: `/api/experiments/${experiment}`, body: { name: 'the first' } },
    pauseExperiment: { path: `/api/experiments/${experiment}/pause`, body: { reason: 'lunch' }, also: 'other-form' },
    resumeExperiment: { path: `/api/experiments/${experiment}/resume`, body: {}, also: 'other-form' },
    logStep: { path: '/api/steps', body: { device: 'Hotel', ...times } },
    logSteps: { path: '/api/steps/batch', body: { steps: [{ device: 'Nobody knows', ...times }] } },
    pauseStep: { path: `/api/steps/${step}/pause`, body: {}, also: 'other-form' },
    resumeStep: { path: `/api/steps/${step}/resume`, body: {}, also: 'other-form' },
    finishStep: { path: `/api/steps/${step}/finish`, body: {} },
    correctStep: { path: `/api/steps/${step}`, body: { reason: 'typed wrongly', status: 'failed' } },
    excludeSteps: { path: '/api/steps/exclusions', body: { where: { device: 'Hotel' }, reason: 'a test' }, also: 'other-form' },
    putOrchestrator: { path: `/api/orchestrators/${orchestrator}`, body: { session: 'another', ttl_seconds: 60 } },
    acknowledgeAlarm: { path: `/api/alarms/${alarm}/acknowledge`, body: { note: 'Anna: on my way' } },
    createWebhook: { path: '/api/webhooks', body: { url: 'http://10.0.0.7/' }, also: 'other-form' },
    updateWebhook: { path: `/api/webhooks/${webhook}`, body: { disabled: true } },
    testWebhook: { path: `/api/webhooks/${webhook}/test` },
    redeliverWebhook: { path: `/api/webhooks/${webhook}/redeliver`, body: { from_revision: 1 } },
    deleteWebhook: { path: `/api/webhooks/${webhook}` },
    archiveProcess: { path: `/api/processes/${process}` },
    deleteLabwareType: { path: '/api/labware-types/Flat' },
    removeContainer: { path: '/api/containers/P3?reason=broken' },
    restoreLab: { path: '/api/lab/restore', body: { at: 4, reason: 'a test' }, also: 'other-form' },
    retireDevice: { path: '/api/devices/Arm' },
    wipeLab: { path: '/api/lab?confirm=wipe' },
    revokeKey: { path: `/api/keys/${randomUUID()}` }
  }
}

t.test('every write has the parameter, except those that make a secret', async (t) => {
  t.strictSame(writes.filter(({ operation }) => !(operation.parameters ?? []).some(({ name }: { name: string }) => name === 'dry_run')).map(({ operation }) => operation.operationId), notForDryRuns)
})

t.test('a dry run answers what the write answers, and changes nothing', async (t) => {
  const lab = await aLabAtWork(t, { RATE_LIMIT_PER_MINUTE: '0' })
  const all = allWrites(lab)
  t.strictSame([...Object.keys(all), ...notForDryRuns].sort(), writes.map(({ operation }) => operation.operationId).sort(), 'each write of the document is tried')
  for (const [operationId, { path, body, type, also }] of Object.entries(all)) {
    const method = writes.find(({ operation }) => operation.operationId === operationId)!.method.toUpperCase() as 'POST'
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
    const dry = `${path}${path.includes('?') ? '&' : '?'}dry_run=true`
    const before = await aDump(lab.url)
    const tried = await lab.call(method, dry, body, headers)
    t.strictSame(await aDump(lab.url), before, `${operationId} changed nothing`)
    const done = await lab.call(method, path, body, headers)
    t.ok(done.status < 300 || operationId === 'revokeKey', `${operationId}: ${done.text}`)
    t.equal(tried.status, done.status, operationId)
    if (also === undefined) t.strictSame(comparable(tried), comparable(done), operationId)
    else t.notOk(JSON.stringify(tried.body).includes('"applied":true'), operationId)
  }
})

t.test('a dry run is refused as the write would be', async (t) => {
  const lab = await aLabAtWork(t)
  for (const [method, path, body] of [
    ['POST', '/api/containers/P1/move', { target_device: 'Hotel', target_pos: 1 }], ['POST', '/api/containers/P1/unlid', { lid_device: 'Nowhere' }], ['PATCH', '/api/containers/P1', { barcode: 'P2' }],
    ['POST', '/api/containers/batch', { containers: [{ device: 'Washer' }, { device: 'Washer' }] }], ['PATCH', '/api/devices/Hotel', { capacity: 0 }], ['DELETE', '/api/devices/Hotel', undefined],
    ['DELETE', '/api/lab', undefined], ['POST', '/api/steps', { device: 'Hotel' }]
  ] as const) {
    const [tried, done] = [await lab.call(method, `${path}?dry_run=true`, body), await lab.call(method, path, body)]
    t.ok(done.status >= 400 && done.status < 500, `${method} ${path}: ${done.text}`)
    t.strictSame([tried.status, { ...tried.body, request_id: 0, instance: 0 }], [done.status, { ...done.body, request_id: 0, instance: 0 }], `${method} ${path}`)
  }
  t.match(await lab.post('/api/keys?dry_run=true', { name: 'ada', scopes: ['read'] }), { status: 400, body: { errors: [{ parameter: 'dry_run' }] } })
})

t.test('with If-Match and a key, a dry run undoes only the command', async (t) => {
  const lab = await aLabAtWork(t)
  const { headers: { etag } } = await lab.get('/api/containers/P1')
  const { body: { revision } } = await lab.get('/api/lab')
  const move = async (query: string, headers: Record<string, string>) => await lab.call('POST', `/api/containers/P1/move${query}`, { target_device: 'Washer' }, headers)
  t.match(await move('?dry_run=true', { 'if-match': '"77"' }), { status: 412 })
  t.match(await move('?dry_run=true', { 'if-match': String(etag), 'idempotency-key': 'a' }), { status: 200, body: { container: { device: 'Washer' } } })
  t.match(await move('?dry_run=true', { 'if-match': String(etag), 'idempotency-key': 'a' }), { status: 200, headers: { 'idempotency-replayed': 'true' } }, 'for a key, it is a write')
  t.match(await move('?dry_run=true', { 'idempotency-key': 'b' }), { status: 200 })
  t.equal((await lab.get('/api/lab')).body.revision, revision)
  t.match(await move('', { 'if-match': String(etag) }), { status: 200, body: { container: { device: 'Washer' } } })
  t.equal((await lab.get('/api/lab')).body.revision, revision + 1)
})

/** A response without what differs each time: made-up ids, times, names that contain an id. */
function comparable ({ status, text, headers }: Answer): unknown {
  const plain = (given: string): string => given.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id').replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time').replaceAll(/container-[0-9a-f]{8}/g, 'name')
    .replaceAll(/"request_id":"[^"]*"|"instance":"[^"]*"|"duration_seconds":[\d.]+|"active_seconds":[\d.]+/g, '')
  return [status, plain(text), plain(String(headers.location ?? ''))]
}
