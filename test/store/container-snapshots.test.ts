import t from 'tap'
import { rows } from '../support/log.ts'
import { aService, type Answer } from '../support/service.ts'

// The view joins what the function reads one after another. Events have the snapshots, reads the view.
t.test('a snapshot of a container, and the answer of each command, say what the view says', async (t) => {
  const service = await aService(t)
  const devices = { Hotel: { capacity: 9 }, Washer: { capacity: 2 }, Bin: { capacity: 1, disposes: true } }
  await service.put('/api/lab/config', { sila_servers: { devices }, labware_types: { plate96: { height_mm: 14.4 } } })
  const answer = async (asked: Promise<Answer>): Promise<any> => {
    const { status, body, text } = await asked
    if (status >= 300) throw new Error(text)
    return body
  }
  const { id: unnamed } = await answer(service.post('/api/containers', { device: 'Hotel', position: 0 }))
  await answer(service.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'Typed', labware_type: 'plate96', labware_uuid: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', content: 'water', filled: false, is_reagent: true }))
  await answer(service.post('/api/containers', { device: 'Hotel', position: 2, barcode: 'Open', lid: { device: 'Hotel', position: 3 } }))
  for (const [barcode, position] of [['Missing', 4], ['Removed', 5], ['Wasted', 6], ['Lidless', 7]]) {
    await answer(service.post('/api/containers', { device: 'Hotel', position, barcode, lidded: true }))
  }

  const commands: readonly [string, () => Promise<any>, string][] = [
    ['move', async () => (await answer(service.post('/api/containers/Typed/move', { target_device: 'Washer' }))).container, 'Typed'],
    ['move of an id', async () => (await answer(service.post(`/api/containers/${unnamed}/move`, { target_device: 'Washer', target_pos: 1 }))).container, unnamed],
    ['move from a place', async () => (await answer(service.post('/api/moves', { source_device: 'Washer', source_pos: 1, target_device: 'Hotel' }))).container, unnamed],
    ['lid', async () => (await answer(service.post('/api/containers/Open/lid', {}))).container, 'Open'],
    ['unlid', async () => (await answer(service.post('/api/containers/Open/unlid', { lid_device: 'Hotel' }))).container, 'Open'],
    ['unlid, again', async () => (await answer(service.post('/api/containers/Open/unlid', { lid_device: 'Hotel' }))).container, 'Open'],
    ['a lid into waste', async () => (await answer(service.post('/api/containers/Lidless/unlid', { lid_device: 'Bin' }))).container, 'Lidless'],
    ['update', async () => await answer(service.patch('/api/containers/Typed', { content: 'buffer' })), 'Typed'],
    ['update of nothing', async () => await answer(service.patch('/api/containers/Typed', { content: 'buffer' })), 'Typed'],
    ['correct', async () => (await answer(service.post('/api/containers/Open/correct', { lidded: true, reason: 'seen' }))).container, 'Open']
  ]
  for (const [name, run, container] of commands) {
    const changed = await run()
    const read = await answer(service.get(`/api/containers/${container}`))
    t.same(changed, read, name)
    t.same(Object.keys(changed), Object.keys(read), `${name}: in the same order`)
  }
  const removed = await answer(service.delete('/api/containers/Removed'))
  t.same(removed, await answer(service.get(`/api/containers/${removed.id}`)), 'remove')
  const { container: wasted } = await answer(service.post('/api/containers/Wasted/move', { target_device: 'Bin' }))
  t.same(wasted, await answer(service.get(`/api/containers/${wasted.id}`)), 'a container into waste')
  await answer(service.post('/api/stocktakes', { device: 'Hotel', seen: [], reason: 'Monday', apply: true }))

  const compared = await rows(service, `
    SELECT s.name, s.missing_since IS NOT NULL AS missing, s.removed_at IS NOT NULL AS removed, container_snapshot(s.id) AS snapshot,
      to_jsonb(s) || jsonb_build_object('removed_at', wire_time(s.removed_at), 'missing_since', wire_time(s.missing_since),
        'created_at', wire_time(s.created_at), 'updated_at', wire_time(s.updated_at)) AS shown
    FROM container_state s ORDER BY s.id`)
  for (const { name, snapshot, shown } of compared) t.same(snapshot, shown, name)
  t.ok(compared.some(({ missing }) => missing), 'one is missing')
  t.equal(compared.filter((one) => one.removed).length, 2, 'two are off the platform')
  t.same(await rows(service, 'SELECT container_snapshot(gen_random_uuid()) AS snapshot'), [{ snapshot: null }], 'and there is none of a container that does not exist')
})
