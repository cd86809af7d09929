import { randomUUID } from 'node:crypto'
import t from 'tap'
import { aLab } from '../support/service.ts'
import { lasting } from '../support/times.ts'

// Answers that say what is so.

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString()

t.test('a conflict between two entries of one batch names the other entry', async (t) => {
  const lab = await aLab(t, { Fridge: 4 })
  const barcodes = await lab.post('/api/containers/batch', { containers: [{ device: 'Fridge', barcode: 'A' }, { device: 'Fridge', barcode: 'B' }, { device: 'Fridge', barcode: 'A' }] })
  t.match(barcodes, { status: 409, body: { code: 'barcode-in-use', index: 2, pointer: '/containers/2/barcode', conflicts_with: { index: 0 }, detail: /Entries 0 and 2/ } })
  t.equal(barcodes.body.holder, undefined, 'nothing is there')
  t.match(await lab.post('/api/containers/batch', { containers: [{ device: 'Fridge', position: 1 }, { device: 'Fridge', position: 1 }] }),
    { status: 409, body: { code: 'position-occupied', index: 1, conflicts_with: { index: 0 } } })
  await lab.post('/api/containers', { device: 'Fridge', position: 0, barcode: 'P0' })
  const taken = await lab.post('/api/containers/batch', { containers: [{ device: 'Fridge', barcode: 'B' }, { device: 'Fridge', barcode: 'P0' }] })
  t.match(taken, { status: 409, body: { index: 1, holder: { barcode: 'P0' } } })
  t.equal(taken.body.conflicts_with, undefined)
  await lab.post('/api/containers', { device: 'Fridge', position: 1, barcode: 'P1' })
  t.match(await lab.post('/api/transfers/batch', { transfers: [{ container: 'P0', target: { device: 'Fridge', position: 3 } }, { container: 'P1', target: { device: 'Fridge', position: 3 } }] }),
    { status: 409, body: { code: 'position-occupied', index: 1, conflicts_with: { index: 0 } } })
})

t.test('every 400 of a batch carries the index', async (t) => {
  const lab = await aLab(t, { Fridge: 4 })
  const times = { start: ago(20), finish: ago(10) }
  for (const [path, body, index] of [
    ['containers', { containers: [{ device: 'Fridge' }, { device: 'Fridge', position: -1 }] }, 1], ['containers', { containers: [{ device: 'Fridge' }, { device: 'Fridge', lidded: true, lid: { device: 'Fridge' } }] }, 1],
    ['steps', { steps: [{ device: 'Fridge', ...times }, { device: 'Fridge', ...times }, { device: 'Fridge' }] }, 2], ['steps', { steps: [{ device: 'Fridge', ...times, kind: 'move' }] }, 0],
    ['transfers', { transfers: [{ container: 'P0', target: { device: 'Fridge' } }, { container: 'P0' }] }, 1], ['estimates', { steps: [{ device: 'Fridge' }, { device: '' }] }, 1]
  ] as const) t.match(await lab.post(`/api/${path}/batch`, body), { status: 400, body: { code: 'invalid-request', index } }, JSON.stringify(body))
  t.equal((await lab.post('/api/steps', { device: 'Fridge', ...times, containers: [''] })).body.index, undefined, 'only of a batch')
})

t.test('a label of before leads to the container that bore it', async (t) => {
  const lab = await aLab(t, { Fridge: 4 })
  const { body: plate } = await lab.post('/api/containers', { device: 'Fridge', position: 2, barcode: 'OLD-77' })
  await lab.patch('/api/containers/OLD-77', { barcode: 'NEW-77' })
  const relabelled = [{ id: plate.id, barcode: 'NEW-77', device: 'Fridge', position: 2, until: String }]
  const { body: { updated_at } } = await lab.get('/api/containers/NEW-77')
  const answer = await lab.get('/api/containers/OLD-77')
  t.match(answer, { status: 404, body: { code: 'container-not-found', relabelled, detail: /NEW-77.*slot 2 of Fridge/ } })
  t.equal(answer.body.relabelled[0].until, updated_at)
  for (const command of [lab.post('/api/containers/OLD-77/move', { target_device: 'Fridge', target_pos: 0 }), lab.delete('/api/containers/OLD-77'), lab.post('/api/transfers', { container: 'OLD-77', target: { device: 'Fridge' } })]) {
    t.match(await command, { status: 404, body: { relabelled } })
  }
  t.match((await lab.get('/api/containers?former_barcode=OLD-77')).body.items, [{ id: plate.id }])
  t.same((await lab.get('/api/containers?former_barcode=NEW-77')).body.items, [])
  t.equal((await lab.get('/api/containers/NEVER')).body.relabelled, undefined)
  await lab.post('/api/containers', { device: 'Fridge', position: 0, barcode: 'OLD-77' })
  t.match(await lab.get('/api/containers/OLD-77'), { status: 200, body: { position: 0 } }, 'a label that is in use again is present')
})

t.test('an estimate for a device that the lab never had says so', async (t) => {
  const lab = await aLab(t, { PlateReader: 1 })
  for (const seconds of [60, 61, 62]) await lab.post('/api/steps', { device: 'PlateReader', data: { fct: 'absorbance' }, ...lasting(seconds, 1000) })
  const { body } = await lab.post('/api/estimates', { step: { device: 'PlateRaeder', data: { fct: 'absorbance' } } })
  t.match(body.warnings[0], { code: 'unknown-device', pointer: '/step/device', detail: /PlateRaeder.*level function/ })
  t.notOk((await lab.post('/api/estimates', { step: { device: 'PlateReader', data: { fct: 'absorbance' } } })).body.warnings.some(({ code }: { code: string }) => code === 'unknown-device'))
  const batch = await lab.post('/api/estimates/batch', { steps: [{ device: 'PlateReader' }, { kind: 'move', device: 'Amr', origin: { device: 'PlateReader' }, destination: { device: 'Hotle' } }] })
  t.match(batch.body.estimates[1].warnings.map(({ pointer }: { pointer: string }) => pointer), ['/steps/1/device', '/steps/1/destination/device'])
  const explained = await lab.post('/api/estimates?samples=true', { step: { device: 'PlateReader', data: { fct: 'absorbance' } }, confidence: 0.5 })
  t.match(explained.body.samples, [{ step_id: String, seconds: 62, finish: String }, {}, {}])
  t.equal(explained.body.samples.length, explained.body.sample_size)
  t.equal(explained.body.samples[0].step_id, (await lab.get('/api/steps?sort=-start')).body.items.at(-1).id)
  t.same((await lab.post('/api/estimates?samples=true', { step: { device: 'Other' } })).body.samples, [])
})

t.test('health tells a step that is overdue, and a logged move that disagrees with the tracked place', async (t) => {
  const lab = await aLab(t, { Hotel: 4, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  const move = { kind: 'move', device: 'Arm', origin: { device: 'Hotel' }, destination: { device: 'Washer' } }
  for (const seconds of [29, 30, 31]) await lab.post('/api/steps', { ...move, ...lasting(seconds, 5000) })
  t.notMatch((await lab.get('/api/lab/health')).body.findings, [{ code: 'step-overdue' }])
  await lab.post('/api/steps', { ...move, start: ago(40), containers: ['P1'] })
  const codes = async () => (await lab.get('/api/lab/health')).body.findings.map(({ code }: { code: string }) => code).filter((code: string) => code !== 'unlisted-device')
  t.same(await codes(), [], 'not yet')
  await lab.post('/api/steps', { ...move, start: ago(1980), containers: ['P1'] })
  t.match((await lab.get('/api/lab/health')).body, { healthy: true })
  t.match((await lab.get('/api/lab/health')).body.findings.find(({ code }: { code: string }) => code === 'step-overdue'), { severity: 'warning', device: 'Arm', message: /19\d\d s.*31\.0 s/, containers: [{ barcode: 'P1' }] })
  await lab.post('/api/steps', { ...move, start: ago(10), finish: ago(1), destination: { device: 'Washer', position: 0 }, containers: ['P1'] })
  t.match((await lab.get('/api/lab/health')).body.findings.find(({ code }: { code: string }) => code === 'move-disagrees'), { severity: 'warning', device: 'Hotel', position: 0, message: /slot 0 of Washer/ })
  await lab.post('/api/containers/P1/move', { target_device: 'Washer', target_pos: 0 })
  t.same(await codes(), ['step-overdue'], 'the place is as logged')
  await lab.post('/api/containers/P1/move', { target_device: 'Hotel', target_pos: 1 })
  t.same(await codes(), ['step-overdue'], 'what moved after the logged move is rightly elsewhere')
})

t.test('the history of a container shows both ends of a logged move', async (t) => {
  const lab = await aLab(t, { Hotel: 4, Washer: 1 })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1' })
  await lab.post('/api/steps', { kind: 'move', device: 'Arm', origin: { device: 'Hotel', position: 3 }, destination: { device: 'Washer' }, start: ago(10), finish: ago(1), containers: ['P1'] })
  await lab.post('/api/steps', { device: 'Washer', start: ago(10), finish: ago(1), containers: ['P1'] })
  const steps = (await lab.get('/api/containers/P1/history')).body.items.filter(({ kind }: { kind: string }) => kind === 'step').map(({ step: { origin, destination } }: any) => [origin, destination])
  t.strictSame(steps.sort((a: unknown[]) => a[0] === null ? 1 : -1), [[{ device: 'Hotel', position: 3 }, { device: 'Washer', position: null }], [null, null]])
})

t.test('a missing reason is called missing', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const { body: step } = await lab.post('/api/steps', { device: 'Hotel', start: ago(10), finish: ago(1) })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  for (const answer of [await lab.patch(`/api/steps/${step.id}`, { status: 'failed' }), await lab.post('/api/containers/P1/correct', { lidded: true }), await lab.post('/api/lab/restore', { at: 1 })]) {
    t.match(answer, { status: 400, body: { errors: [{ pointer: '/reason', detail: 'is required' }] } })
    t.equal(answer.body.errors.length, 1)
  }
})

t.test('a slash at the end is told; an empty object with a DELETE is no body', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  t.match(await lab.get('/api/containers/'), { status: 400, body: { errors: [{ parameter: 'container', detail: /leave out the slash/ }] } })
  for (const [method, path] of [['POST', '/api/containers'], ['GET', '/api/lab'], ['POST', '/api/containers/P1/move'], ['GET', '/api/containers/P1/history']] as const) {
    t.match(await lab.call(method, `${path}/`), { status: 404, body: { code: 'route-not-found', detail: `The path ${path}/ does not exist. Leave out the slash at its end: ${path}.` } })
  }
  t.match(await lab.get('/api/nothing/'), { status: 404, body: { detail: 'The path /api/nothing/ does not exist. /openapi.json lists all paths.' } })
  t.match(await lab.call('DELETE', '/api/containers/P1', { reason: 'x' }), { status: 400 })
  t.match(await lab.call('DELETE', '/api/containers/P1', [1]), { status: 400 })
  t.match(await lab.call('DELETE', '/api/containers/P1', {}), { status: 200, body: { removed_at: String } })
})

t.test('a barcode that differs from another one in case only is told', async (t) => {
  const lab = await aLab(t, { Hotel: 4 })
  t.equal((await lab.post('/api/containers', { device: 'Hotel', barcode: 'UAM100' })).body.warnings, undefined)
  t.match(await lab.post('/api/containers', { device: 'Hotel', barcode: 'uam100' }), { status: 201, body: { warnings: [{ code: 'barcode-differs-in-case', pointer: '/barcode', detail: /UAM100/ }] } })
  t.match((await lab.post('/api/containers/batch', { containers: [{ device: 'Hotel', barcode: 'x' }, { device: 'Hotel', barcode: 'X' }] })).body.items[1].warnings, [{ code: 'barcode-differs-in-case' }])
  t.equal((await lab.get('/api/containers/uam100')).body.warnings, undefined)
})

t.test('whoever names a barcode in another case is told the one that is there', async (t) => {
  const lab = await aLab(t, { Hotel: 4 })
  await lab.post('/api/containers', { device: 'Hotel', barcode: 'UAM100', lidded: true })
  const told = { status: 404, body: { code: 'container-not-found', differs_in_case: 'UAM100', detail: /The barcode "UAM100" on the platform differs from it in case only\.$/ } }
  for (const command of [
    lab.get('/api/containers/uam100'), lab.get('/api/containers/uam100/history'), lab.post('/api/containers/uam100/move', { target_device: 'Hotel' }), lab.post('/api/containers/uam100/lid', {}),
    lab.post('/api/containers/uam100/unlid', { lid_device: 'Hotel' }), lab.patch('/api/containers/uam100', { name: 'x' }), lab.delete('/api/containers/uam100'),
    lab.post('/api/containers/uam100/correct', { reason: 'seen', lidded: true }), lab.post('/api/transfers', { container: 'uam100', target: { device: 'Hotel' } })
  ]) t.match(await command, told)
  t.match((await lab.post('/api/transfers?dry_run=true', { container: 'uam100', target: { device: 'Hotel' } })).body.findings, [{ code: 'container-not-found', detail: /"UAM100"/ }])
  t.match((await lab.post('/api/moves', { source_device: 'Hotel', source_pos: 0, target_device: 'Hotel', barcode: 'uam100' })).body, { code: 'source-mismatch', detail: /"UAM100", not "uam100"/ })
  const { body: step } = await lab.post('/api/steps', { device: 'Hotel', start: ago(10), finish: ago(1), containers: ['uam100', 'never'] })
  t.match(step.warnings, [{ code: 'unknown-container', detail: /stored with the name\. The barcode "UAM100" on the platform differs from it in case only\.$/ }, { detail: /"never" is known; the step is stored with the name\.$/ }])
  const { body: { id } } = await lab.post('/api/containers', { device: 'Hotel', barcode: 'other' })
  const warnings = [{ code: 'barcode-differs-in-case', pointer: '/barcode', detail: /UAM100/ }]
  t.match(await lab.patch(`/api/containers/${id}`, { barcode: 'uam100' }), { status: 200, body: { barcode: 'uam100', warnings } })
  t.match((await lab.post(`/api/containers/${id}/correct`, { reason: 'seen', barcode: 'Uam100' })).body, { container: { barcode: 'Uam100' }, warnings })
  t.equal((await lab.patch(`/api/containers/${id}`, { barcode: 'other' })).body.warnings, undefined)
})

t.test('a label of before whose container has none now is told', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const { body: { id } } = await lab.post('/api/containers', { device: 'Hotel', barcode: 'P1' })
  await lab.patch(`/api/containers/${id}`, { barcode: null })
  t.match(await lab.post('/api/containers/P1/move', { target_device: 'Hotel' }), { status: 404, body: { relabelled: [{ id, barcode: null }], detail: new RegExp(`the container ${id}, which has none now`) } })
})

t.test('protocol files are the same whatever the case of their names', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  for (const protocol of ['C:\\Protocols\\3X_PBS.LHC', 'D:/lab/3x_pbs.lhc', '3X_PBS.lhc']) await lab.post('/api/steps', { device: 'Washer', data: { fct: 'wash', protocol }, start: ago(100), finish: ago(10) })
  t.match((await lab.post('/api/estimates', { step: { device: 'Washer', data: { fct: 'wash', protocol: '3x_Pbs.Lhc', other: randomUUID() } } })).body, { level: 'device_protocol', sample_size: 3 })
  const only = async (protocol: string) => (await lab.post('/api/estimates', { step: { device: 'Washer', data: { fct: 'wash', protocol } } })).body
  t.match(await only('3X_PBS.lhc'), { level: 'parameters', sample_size: 1 })
  t.match(await only('3x_pbs.LHC'), { level: 'device_protocol', sample_size: 3 }, 'a spelling that is new has the samples of all others')
})
