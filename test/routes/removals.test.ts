import t from 'tap'
import { aLab } from '../support/service.ts'

t.test('removing a container', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lid: { device: 'Hotel', position: 1 } })
  const { body: { revision } } = await lab.get('/api/lab')

  await t.test('a dry run tells how the container would be, and changes nothing', async (t) => {
    const answer = await lab.delete('/api/containers/P1?dry_run=true&reason=Broken.')
    t.match(answer, { status: 200, body: { barcode: 'P1', device: null, position: null, lid: null, removed_at: String, version: 2 } })
    t.match((await lab.get('/api/containers/P1')).body, { device: 'Hotel', position: 0, lid: { position: 1 }, removed_at: null, version: 1 })
    t.equal((await lab.get('/api/lab')).body.revision, revision)
  })

  await t.test('a dry run with an Idempotency-Key leaves the key for its own answer', async (t) => {
    const once = await lab.delete('/api/containers/P1?dry_run=true', { 'idempotency-key': 'plan' })
    t.match(once, { status: 200, body: { removed_at: String } })
    t.match(await lab.delete('/api/containers/P1?dry_run=true', { 'idempotency-key': 'plan' }), { status: 200, text: once.text, headers: { 'idempotency-replayed': 'true' } })
    t.match((await lab.get('/api/containers/P1')).body, { removed_at: null })
  })

  await t.test('keeps the reason in the event, frees both slots, and stays readable', async (t) => {
    const removed = await lab.delete(`/api/containers/P1?reason=${encodeURIComponent('Broken in the centrifuge.\nSee the photo.')}`)
    t.match(removed, { status: 200, body: { device: null, removed_at: String } })
    t.match((await lab.get('/api/events?kind=removed')).body.items, [{ kind: 'removed', reason: 'Broken in the centrifuge.\nSee the photo.', before: { device: 'Hotel', position: 0 } }])
    t.same((await lab.get('/api/devices/Hotel/positions?empty=true')).body.map(({ position }: { position: number }) => position), [0, 1, 2])
    t.match((await lab.get(`/api/containers/${removed.body.id}/history`)).body.items.at(-1), { kind: 'removed', from: { device: 'Hotel' }, to: { device: null } })
    t.strictSame((await lab.delete(`/api/containers/${removed.body.id}?reason=again`)).body, removed.body, 'a repetition changes nothing')
    t.equal((await lab.get('/api/events?kind=removed')).body.items.length, 1)
  })

  await t.test('without a reason the event has none', async (t) => {
    await lab.post('/api/containers', { device: 'Hotel', barcode: 'P2' })
    t.match(await lab.delete('/api/containers/P2'), { status: 200 })
    t.match((await lab.get('/api/events?kind=removed&container=P2')).body.items, [{ reason: null }])
  })

  await t.test('refuses what is no reason, and tells why', async (t) => {
    t.match(await lab.delete('/api/containers/P2?reason='), { status: 400, body: { errors: [{ in: 'query', parameter: 'reason' }] } })
    t.match(await lab.delete('/api/containers/P2?reason=%07'), { status: 400, body: { errors: [{ in: 'query', parameter: 'reason', detail: /control characters/ }] } })
    t.match(await lab.delete(`/api/containers/P2?reason=${'x'.repeat(2001)}`), { status: 400, body: { errors: [{ in: 'query', parameter: 'reason' }] } })
    t.match(await lab.delete('/api/containers/Nobody?dry_run=true'), { status: 404, body: { code: 'container-not-found' } })
  })
})
