import { randomUUID } from 'node:crypto'
import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

type Item = { kind: string, id: string | null, label: string, where: { device: string, position: number | null } | null, why: string, url: string }

const search = async (service: Service, q: string, more = ''): Promise<Item[]> => (await service.get(`/api/search?q=${encodeURIComponent(q)}${more}`)).body.items
const shown = (items: Item[]) => items.map(({ kind, label, why }) => `${kind} ${label} ${why}`)

/** A lab with plates on and off the platform, a relabelled one, and runs. */
async function aFullLab () {
  const service = await aLab(t, { Hotel1: 10, 'Hotel 2': 3, Washer: 1 })
  const plate = async (barcode: string, device: string, position: number, more: object = {}) => (await service.post('/api/containers', { barcode, device, position, ...more })).body.id as string
  const ids = {
    first: await plate('SCREEN_001', 'Hotel1', 5), second: await plate('SCREEN_002', 'Hotel1', 6, { name: 'Assay plate 2' }), percent: await plate('50%_x', 'Hotel1', 7),
    renamed: await plate('OLD-77', 'Hotel 2', 0), gone: await plate('SCREEN_000', 'Hotel1', 8)
  }
  await service.patch(`/api/containers/${ids.renamed}`, { barcode: 'NEW-1' })
  await service.delete(`/api/containers/${ids.gone}`)
  const { body: process } = await service.post('/api/processes', { name: 'Assay', source: 'x' })
  const { body: run } = await service.post('/api/experiments', { process_id: process.id, name: 'Assay of Monday' })
  const { body: step } = await service.post('/api/steps', { device: 'Washer', name: 'Assay wash', start: '2026-03-02T09:20:00Z', finish: '2026-03-02T09:21:00Z', experiment_id: run.id, containers: ['SCREEN_001'] })
  return { service, ids, process, run, step }
}

t.test('a text is looked up as all that it can mean, the most exact first', async (t) => {
  const { service, ids, process, run, step } = await aFullLab()
  t.same(await search(service, 'SCREEN_001'), [{ kind: 'container', id: ids.first, label: 'SCREEN_001', where: { device: 'Hotel1', position: 5 }, missing_since: null, last: null, removed_at: null, why: 'barcode', url: `/api/containers/${ids.first}` }])
  t.same(shown(await search(service, 'SCREEN_0')), ['container SCREEN_001 barcode-prefix', 'container SCREEN_002 barcode-prefix', 'container SCREEN_000 barcode-prefix'], 'what was removed comes last')
  t.match((await search(service, 'SCREEN_000')), [{ id: ids.gone, where: null, why: 'barcode' }])
  t.same(shown(await search(service, 'Assay')), ['process Assay name', 'container SCREEN_002 name-prefix', 'experiment Assay of Monday name-prefix', 'step Assay wash name-prefix'])
  t.match(await search(service, 'OLD-77'), [{ id: ids.renamed, label: 'NEW-1', where: { device: 'Hotel 2', position: 0 }, why: 'former-barcode' }])
  t.same(shown(await search(service, 'hotel')), ['device Hotel 2 name-prefix', 'device Hotel1 name-prefix'], 'whatever the case of a device')
  t.same(shown(await search(service, 'screen_001')), ['container SCREEN_001 barcode-prefix'], 'and of a barcode on the platform')

  for (const q of ['Hotel1 5', 'hotel1:5', ' Hotel1  5 ']) {
    t.match(await search(service, q), [
      { kind: 'position', id: null, label: 'Hotel1 5', where: { device: 'Hotel1', position: 5 }, why: 'place', url: '/api/devices/Hotel1/positions/5' }, { kind: 'container', id: ids.first, why: 'place' }
    ], q)
  }
  t.match(await search(service, 'Hotel 2 1'), [{ label: 'Hotel 2 1', url: '/api/devices/Hotel%202/positions/1' }], 'the name of a device can have spaces and digits')
  t.same(await search(service, 'Hotel1 99'), [], 'no such slot')

  for (const [kind, id] of [['container', ids.gone], ['experiment', run.id], ['process', process.id], ['step', step.id]] as const) {
    t.match(await search(service, id.toUpperCase()), [{ kind, id, why: 'id' }], kind)
  }
  t.match(await search(service, step.id), [{ label: 'Assay wash', where: { device: 'Washer', position: null }, url: `/api/steps/${step.id}` }])
  t.same(await search(service, randomUUID()), [])
})

t.test('the id of a request finds what it changed', async (t) => {
  const service = await aLab(t, { Hotel: 2 })
  const { headers } = await service.post('/api/containers', { barcode: 'P1', device: 'Hotel' }, { 'x-request-id': 'plate-of-monday' })
  t.equal(headers['x-request-id'], 'plate-of-monday')
  const [item, ...others] = await search(service, 'plate-of-monday')
  t.match([item, others], [{ kind: 'revision', id: null, label: 'added', where: null, why: 'request-id' }, []])
  t.match((await service.get(item!.url)).body.items[0], { request_id: 'plate-of-monday', kind: 'added' }, 'its URL leads there')
  for (const id of ['0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', '3f1c2b7e-30f6-4c5a-9d0e-3f2b9f7a8c11', '3F1C2B7E-30F6-4C5A-9D0E-3F2B9F7A8C12']) {
    await service.patch('/api/containers/P1', { name: id }, { 'x-request-id': id })
    const [found, ...others] = await search(service, id)
    t.match([found, others.filter(({ kind }) => kind === 'revision')], [{ kind: 'revision', why: 'request-id' }, []], 'whatever kind of UUID it is')
    t.match((await service.get(found!.url)).body.items[0], { request_id: id, kind: 'updated' })
    if (id === id.toLowerCase()) t.match((await search(service, id.toUpperCase())).filter(({ kind }) => kind === 'revision'), [{ why: 'request-id' }], 'and however it is written')
  }
  for (const name of ['a', 'b', 'c']) await service.patch('/api/containers/P1', { name }, { 'x-request-id': 'always-the-same' })
  t.match(await search(service, 'always-the-same', '&limit=2'), [{ url: '/api/events?after=7' }, { url: '/api/events?after=6' }], 'of one id for several requests, the newest')
})

t.test('each hit can be read at its URL, is told once, and there are as many as were asked for', async (t) => {
  const { service, ids, run } = await aFullLab()
  for (const q of ['SCREEN_0', 'Assay', 'Hotel1 5', 'Hotel', 'NEW-1', 'OLD-77', ids.first, run.id]) {
    const items = await search(service, q)
    t.ok(items.length > 0, q)
    for (const { url } of items) t.equal((await service.get(url)).status, 200, `${q}: ${url}`)
    t.equal(new Set(items.map(({ url }) => url)).size, items.length, q)
    t.same(await search(service, q, '&limit=1'), items.slice(0, 1), `the first of ${q}`)
  }
})

t.test('every character stands for itself, and none does harm', async (t) => {
  const { service, ids } = await aFullLab()
  t.match(await search(service, '50%_'), [{ id: ids.percent }])
  const harmless = ['%', '_', '%%%', '\\', "'; DROP TABLE step; --", '*', '(', '[a-z]', '\u200b', '\u202eSCREEN', '\u00e9', '\u{1f9ea}', '\u{10ffff}', 'x'.repeat(200), 'Hotel1 99999', ':5', 'null', '0 0', '$1']
  for (const q of harmless) t.same(await search(service, q), [], JSON.stringify(q))
  for (const query of ['', 'q=', 'q=%20%20', 'q=%00', 'q=a%0Ab', 'q=%1Bx', `q=${'x'.repeat(201)}`, 'q=a&limit=0', 'q=a&limit=101', 'q=a&limit=x', 'q=a&q=b', 'q=%ff', 'q=a&kind=step']) {
    const answer = await service.get(`/api/search?${query}`)
    t.match(answer, { status: 400 }, query)
  }
})
