import t from 'tap'
import { aLab, type Service } from '../support/service.ts'

// Every command that answers `changes` tells the state that it leaves, exactly: members, and times to the millisecond.

const reason = 'a look'
type Change = { container: { id: string, barcode: string | null, name: string }, to: Record<string, unknown> }

const commands: Record<string, (lab: Service, n: number) => ReturnType<Service['post']>> = {
  'an arrangement that loses': (lab) => lab.post('/api/arrangements', { reason, items: [], missing: ['A', 'B', 'C'] }),
  'an arrangement that finds': (lab) => lab.post('/api/arrangements', { reason, items: ['A', 'B', 'C'].map((barcode, position) => ({ barcode, device: 'Hotel', position })) }),
  'a stocktake that loses': (lab) => lab.post('/api/stocktakes', { device: 'Hotel', seen: [{ position: 5, barcode: 'C' }], reason, apply: true }),
  'labels of missing plates': (lab) => lab.post('/api/containers/relabel', { reason, labels: [{ container: 'A', barcode: 'A2' }] }),
  'a stocktake that adds, finds and parks': (lab, n) => lab.post('/api/stocktakes', {
    device: 'Hotel', seen: [{ position: 0, barcode: 'A2' }, { position: 1, barcode: 'B', lidded: true }, { position: 2, barcode: 'C' }, { position: 3, barcode: `N${n}` }], reason, apply: true
  }),
  'a label at the end': (lab) => lab.post('/api/containers/relabel', { reason, labels: [{ container: 'A2', barcode: 'A3' }] }),
  'a label back': (lab) => lab.post('/api/containers/relabel', { reason, labels: [{ container: 'A3', barcode: 'A' }] })
}

t.test('the changes that a command tells are the stored state', async (t) => {
  const lab = await aLab(t, { Hotel: 8 })
  await lab.post('/api/containers/batch', { containers: ['A', 'B', 'C'].map((barcode) => ({ device: 'Hotel', barcode, lidded: true })) })
  // A rounding error shows in every second time only.
  for (let n = 0; n < 8; n++) {
    for (const [what, run] of Object.entries(commands)) {
      const { status, body, text } = await run(lab, n)
      if (status !== 200) t.fail(`${what}: ${text}`)
      t.ok(body.changes.length > 0, what)
      for (const { container, to } of body.changes as Change[]) {
        const { body: stored } = await lab.get(`/api/containers/${container.id}`)
        t.match({ ...to, name: container.name }, { device: stored.device, position: stored.position, lidded: stored.lidded, lid: stored.lid, barcode: stored.barcode, missing_since: stored.missing_since, name: stored.name }, what)
        t.same((await lab.get(`/api/containers/${container.id}/history?limit=500`)).body.items.at(-1).to, to, `${what}, in the history`)
      }
    }
    await lab.delete(`/api/containers/N${n}`)
  }
})
