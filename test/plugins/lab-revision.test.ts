import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { anExperiment, logged, rows } from '../support/log.ts'
import { type Answer, aLab, aServiceOn, type Service } from '../support/service.ts'

type Operation = { operationId: string, security?: { key: string[] }[], parameters?: { name: string, in: string }[], responses: Record<string, { headers?: object }> }
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

const writes: ReadonlySet<string> = new Set(['post', 'put', 'patch', 'delete'])

async function operationsOf (service: Service): Promise<{ path: string, method: Method, operation: Operation, isWrite: boolean }[]> {
  const { body } = await service.get('/openapi.json')
  return Object.entries(body.paths as Record<string, Record<Method, Operation>>).filter(([path]) => path.startsWith('/api/')).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path, method: method as Method, operation, isWrite: writes.has(method) && operation.security?.[0]?.key?.[0] !== 'read'
    })))
}

async function present (service: Service): Promise<number> {
  return (await rows(service, 'SELECT revision::float8 AS revision FROM lab'))[0]!.revision as number
}

t.test('the document gives every write the header and every read the parameter, and no other', async (t) => {
  const operations = await operationsOf(await aLab(t, {}))
  t.ok(operations.filter(({ isWrite }) => isWrite).length > 30)
  t.ok(operations.filter(({ isWrite }) => !isWrite).length > 30)
  for (const { operation, isWrite } of operations) {
    const successes = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'))
    t.equal(successes.every(([, { headers }]) => headers !== undefined && 'Lab-Revision' in headers), isWrite, `${operation.operationId}: Lab-Revision`)
    t.equal((operation.parameters ?? []).some(({ name, in: where }) => name === 'min_revision' && where === 'query'), !isWrite, `${operation.operationId}: min_revision`)
    t.equal('503' in operation.responses, true)
  }
})

t.test('every write answers the revision that it has left, also if it changed nothing', async (t) => {
  const service = await aLab(t, { Hotel: 20, Washer: 4, Attic: 1 })
  const done = new Set<string>()
  const check = async (what: string, answer: Answer): Promise<Answer> => {
    t.ok(answer.status < 300, `${what}: ${answer.status} ${answer.text.slice(0, 200)}`)
    t.equal(Number(answer.headers['lab-revision']), await present(service), what)
    done.add(what)
    return answer
  }
  const file = { sila_servers: { devices: { Hotel: { capacity: 20 }, Washer: { capacity: 4 }, Attic: { capacity: 2 } } } }
  await check('lab file', await service.put('/api/lab/config', file))
  await check('the same lab file', await service.put('/api/lab/config', file))
  await check('lab file, dry run', await service.put('/api/lab/config?dry_run=true', { sila_servers: { devices: { Hotel: { capacity: 30 } } } }))
  await check('device', await service.post('/api/devices', { name: 'Reader', capacity: 1 }))
  await check('device patch', await service.patch('/api/devices/Reader', { capacity: 2 }))
  await check('device patch, same', await service.patch('/api/devices/Reader', { capacity: 2 }))
  await check('position patch', await service.patch('/api/devices/Reader/positions/0', { deep_well_suited: true }))
  await check('device delete', await service.delete('/api/devices/Reader'))
  await check('labware type', await service.put('/api/labware-types/Plate', { height_mm: 14 }))
  await check('labware type, same', await service.put('/api/labware-types/Plate', { height_mm: 14 }))
  await check('labware type delete', await service.delete('/api/labware-types/Plate'))
  const id = '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'
  await check('container', await service.post('/api/containers', { id, device: 'Hotel', barcode: 'P1', lidded: true }))
  await check('restore, dry run in the body', await service.post('/api/lab/restore', { at: 1, reason: 'tried', dry_run: true }))
  await check('container, again', await service.post('/api/containers', { id, device: 'Hotel', barcode: 'P1', lidded: true }))
  await check('batch', await service.post('/api/containers/batch', { containers: [{ device: 'Hotel', barcode: 'P2' }, { device: 'Hotel', barcode: 'P3' }] }))
  await check('move', await service.post('/api/containers/P1/move', { target_device: 'Washer', target_pos: 0 }))
  await check('move by position', await service.post('/api/moves', { source_device: 'Washer', source_pos: 0, target_device: 'Washer', target_pos: 1 }))
  await check('unlid', await service.post('/api/containers/P1/unlid', { lid_device: 'Hotel' }))
  await check('lid', await service.post('/api/containers/P1/lid', {}))
  await check('container patch', await service.patch('/api/containers/P1', { content: 'cells' }))
  await check('container patch, same', await service.patch('/api/containers/P1', { content: 'cells' }))
  await check('correction', await service.post('/api/containers/P1/correct', { reason: 'seen', device: 'Hotel', position: 9 }))
  await check('transfer', await service.post('/api/transfers', { container: 'P1', target: { device: 'Washer' } }))
  await check('transfer, dry run', await service.post('/api/transfers?dry_run=true', { container: 'P1', target: { device: 'Hotel' } }))
  await check('arrangement', await service.post('/api/arrangements', { reason: 'seen', items: [{ container: 'P1', device: 'Hotel', position: 10 }] }))
  await check('arrangement, same', await service.post('/api/arrangements', { reason: 'seen', items: [{ container: 'P1', device: 'Hotel', position: 10 }] }))
  await check('relabel', await service.post('/api/containers/relabel', { reason: 'worn', labels: [{ container: 'P1', barcode: 'P9' }] }))
  await check('stocktake', await service.post('/api/stocktakes', { device: 'Washer', seen: [] }))
  const reservation = await check('reservation', await service.post('/api/reservations', { device: 'Washer', count: 1, owner: 'me', purpose: 'container', ttl_seconds: 60 }))
  await check('reservation delete', await service.delete(`/api/reservations/${reservation.body.id}`))
  const process = await check('process', await service.post('/api/processes', { name: 'p', source: 's' }))
  await check('experiment', await service.post('/api/experiments', { process_id: process.body.id }))
  const experiment = await anExperiment(service)
  await check('experiment patch', await service.patch(`/api/experiments/${experiment.id}`, { status: 'aborted' }))
  const step = await check('step', await service.post('/api/steps', { device: 'Washer', start: '2026-03-02T09:00:00Z' }))
  await check('pause', await service.post(`/api/steps/${step.body.id}/pause`, {}))
  await check('resume', await service.post(`/api/steps/${step.body.id}/resume`, {}))
  await check('finish', await service.post(`/api/steps/${step.body.id}/finish`, {}))
  await check('steps', await service.post('/api/steps/batch', { steps: [{ device: 'Washer', start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:01:00Z' }] }))
  await check('step patch', await service.patch(`/api/steps/${(await logged(service)).id}`, { exclude_from_estimates: true, reason: 'by hand' }))
  const key = { 'idempotency-key': 'once' }
  await check('with a key', await service.post('/api/containers/P9/move', { target_device: 'Washer' }, key))
  const repeated = await check('its repeat', await service.post('/api/containers/P9/move', { target_device: 'Washer' }, key))
  t.equal(repeated.headers['idempotency-replayed'], 'true')
  await check('if-match', await service.delete('/api/containers/P9', { 'if-match': '*' }))
  await check('wipe', await service.delete('/api/lab?confirm=wipe'))
  await check('key', await service.post('/api/keys', { name: 'admin', scopes: ['admin'] }))
})

t.test('a refused write answers no revision, and neither does a read', async (t) => {
  const service = await aLab(t, { Hotel: 2 })
  for (const answer of [await service.post('/api/containers', { device: 'Attic' }), await service.post('/api/containers', {}), await service.get('/api/lab'), await service.post('/api/containers/lookup', { barcodes: ['P1'] })]) {
    t.equal(answer.headers['lab-revision'], undefined)
  }
})

t.test('a frequent write says its revision without a statement of its own', async (t) => {
  const service = await aLab(t, { Hotel: 2, Washer: 2 })
  let statements = 0
  const { eventLog } = service.app.store
  const { head } = eventLog
  eventLog.head = async () => {
    statements += 1
    return await head()
  }
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  await service.post('/api/transfers', { container: 'P1', target: { device: 'Hotel' } })
  await logged(service)
  t.equal(statements, 0)
})

t.test('every read takes min_revision: at once if the database has it, as a 400 if it is malformed, and else as a 503 after the wait', async (t) => {
  const service = await aLab(t, { Hotel: 2 })
  const reads = (await operationsOf(service)).filter(({ isWrite }) => !isWrite)
  const urlOf = (path: string): string => path.replaceAll('{device}', 'Hotel').replaceAll('{position}', '0').replaceAll('{container}', 'P1').replaceAll('{name}', 'x')
    .replaceAll(/\{\w+\}/g, '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11')
  const bodies: Record<string, object> = {
    '/api/containers/lookup': { barcodes: ['P1'] }, '/api/estimates': { step: { device: 'Hotel' } }, '/api/estimates/batch': { steps: [{ device: 'Hotel' }] },
    '/api/estimates/remaining': { step_ids: ['0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'] }
  }
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await Promise.all(reads.filter(({ operation }) => operation.operationId !== 'streamEvents').map(async ({ path, method, operation: { operationId } }) => {
    const call = async (value: string) => await service.call(method.toUpperCase() as 'GET', `${urlOf(path)}?min_revision=${value}`, bodies[path])
    for (const value of ['x', '-1', '', '1.5']) {
      const { status, body } = await call(value)
      t.equal(status, 400, `${operationId} ${value}`)
      t.ok(JSON.stringify(body.errors).includes('"min_revision"'), `${operationId} ${value}: ${JSON.stringify(body)}`)
    }
    const { body } = await call('1')
    t.notOk(JSON.stringify(body.errors ?? []).includes('min_revision'), operationId)
    const late = await call('4711')
    // some need another parameter, too
    if (late.status === 400) t.notOk(JSON.stringify(late.body.errors).includes('min_revision'), operationId)
    else t.match(late, { status: 503, headers: { 'retry-after': '1' }, body: { code: 'not-yet-replicated', min_revision: 4711, revision: 2 } }, operationId)
  }))
})

t.test('a read at an instance that lags waits for the revision, and takes no place meanwhile', async (t) => {
  const service = await aLab(t, { Hotel: 2, Washer: 2 })
  await service.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  const lagging = await aServiceOn(t, service.url, { DATABASE_POOL_MAX: '2' }, undefined, { minRevisionWaitMs: 10_000 })
  const { eventLog } = lagging.app.store
  const { head } = eventLog
  const { revision } = await head()
  eventLog.head = async () => ({ ...await head(), revision })
  const moved = await service.post('/api/containers/P1/move', { target_device: 'Washer' })
  const wanted = Number(moved.headers['lab-revision'])
  t.equal(wanted, revision + 1)
  const waiting = Array.from({ length: 20 }, async () => await lagging.get(`/api/containers/P1?min_revision=${wanted}`))
  await sleep(50)
  t.equal((await lagging.get(`/api/containers/P1?min_revision=${revision}`)).status, 200, 'others read meanwhile')
  eventLog.head = head
  for (const answer of await Promise.all(waiting)) t.match(answer, { status: 200, body: { device: 'Washer' } })
  const { body } = await lagging.get(`/api/containers?min_revision=${wanted}&limit=1&device=Washer`)
  t.equal(body.items.length, 1, 'and the parameter is no filter')
})

t.test('a read is never refused for a revision that the database has, however short the wait was', async (t) => {
  const service = await aLab(t, { Hotel: 2 })
  const { body: { revision } } = await service.get('/api/lab')
  const hurried = await aServiceOn(t, service.url, {}, undefined, { minRevisionWaitMs: 0 })
  t.match(await hurried.get(`/api/lab?min_revision=${revision}`), { status: 200, body: { revision } })
  t.match(await hurried.get(`/api/lab?min_revision=${revision + 1}`), { status: 503, body: { code: 'not-yet-replicated', revision } })
})
