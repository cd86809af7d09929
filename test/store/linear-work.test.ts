import t from 'tap'
import { sql as runSql } from '../support/backups.ts'
import { aLab, type Service } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'
import { type Work, workOf } from '../support/work.ts'

const fewItems = repetitions({ quick: 40, thorough: 100 })
const manyItems = 3 * fewItems
/** Plates and steps of before, as many as the most items and some. */
const before = manyItems + 100

// Commands with many items hold the lab lock. Twice the items may cost twice the work, never four times. PostgreSQL counts the
// work: calls of functions, and rows read by scans. The lab has had plates and steps before, so its tables have statistics.

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const barcode = (n: number): string => `P${n}`
const withPlates = async (lab: Service, count: number, plate: (n: number) => object = (n) => ({ barcode: barcode(n) })): Promise<void> => {
  await lab.post('/api/containers/batch', { containers: numbers(count).map((n) => ({ device: 'Hotel', position: n, ...plate(n) })) })
}

const wash = (container: string): object => ({ device: 'Hotel', data: { fct: 'wash' }, start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:01:00Z', containers: [container] })

/** Each prepares a lab and returns the command with so many items. */
const commands: Record<string, (lab: Service, count: number) => Promise<() => ReturnType<Service['post']>>> = {
  'adding containers' (lab, count) {
    return Promise.resolve(() => lab.post('/api/containers/batch', { containers: numbers(count).map((n) => ({ device: 'Hotel', barcode: barcode(n) })) }))
  },
  async 'an arrangement that moves each plate by one slot' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/arrangements', { reason: 'seen', items: numbers(count).map((n) => ({ barcode: barcode(n), device: 'Hotel', position: (n + 1) % count })) })
  },
  async 'an arrangement of missing plates' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/arrangements', { reason: 'seen', items: [], missing: numbers(count).map(barcode) })
  },
  async 'a stocktake that finds each plate one slot further' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/stocktakes', { device: 'Hotel', apply: true, reason: 'seen', seen: numbers(count).map((n) => ({ position: n + 1, barcode: barcode(n) })) })
  },
  async 'a stocktake that labels plates' (lab, count) {
    await withPlates(lab, count, () => ({}))
    return () => lab.post('/api/stocktakes', { device: 'Hotel', apply: true, reason: 'seen', seen: numbers(count).map((n) => ({ position: n, barcode: barcode(n) })) })
  },
  async 'a stocktake that adds plates' (lab, count) {
    return () => lab.post('/api/stocktakes', { device: 'Hotel', apply: true, reason: 'seen', seen: numbers(count).map((n) => ({ position: n, barcode: barcode(n) })) })
  },
  async 'a stocktake of an empty device' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/stocktakes', { device: 'Hotel', apply: true, reason: 'seen', seen: [] })
  },
  async 'new labels' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/containers/relabel', { reason: 'new', labels: numbers(count).map((n) => ({ container: barcode(n), barcode: barcode((n + 1) % count) })) })
  },
  async 'looking up former labels' (lab, count) {
    await withPlates(lab, count)
    await lab.post('/api/containers/relabel', { reason: 'new', labels: numbers(count).map((n) => ({ container: barcode(n), barcode: `N${n}` })) })
    return () => lab.post('/api/containers/lookup', { barcodes: numbers(count).map(barcode) })
  },
  async 'transfers' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/transfers/batch', { transfers: numbers(count).map((n) => ({ container: barcode(n), target: { device: 'Store', position: n } })) })
  },
  async 'transfers with steps' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/transfers/batch', { transfers: numbers(count).map((n) => ({
      container: barcode(n), target: { device: 'Store', position: n }, step: { ...wash(barcode(n)), containers: undefined, data: { fct: 'move', log: 'x'.repeat(2000) } }
    })) })
  },
  async 'transfers to waste' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/transfers/batch', { transfers: numbers(count).map((n) => ({ container: barcode(n), target: { device: 'Bin' } })) })
  },
  async 'steps' (lab, count) {
    await withPlates(lab, count)
    return () => lab.post('/api/steps/batch', { steps: numbers(count).map((n) => wash(barcode(n))) })
  },
  async 'restoring a lab' (lab, count) {
    await withPlates(lab, count)
    const { body: { revision } } = await lab.get('/api/lab')
    await lab.post('/api/arrangements', { reason: 'seen', items: [], missing: numbers(count).map(barcode) })
    return () => lab.post('/api/lab/restore', { at: revision, reason: 'wrong' })
  }
}

for (const [name, prepare] of Object.entries(commands)) {
  t.test(`${name}: three times the items cost about three times the work`, async (t) => {
    const works: Work[] = []
    for (const count of [fewItems, manyItems]) {
      const lab = await aLab(t, { Hotel: 400, Store: 400, Bin: 1, Archive: before })
      await lab.patch('/api/devices/Bin', { disposes: true })
      await lab.post('/api/containers/batch', { containers: numbers(before).map((n) => ({ device: 'Archive', barcode: `OLD${n}` })) })
      await lab.post('/api/steps/batch', { steps: numbers(before).map((n) => wash(`OLD${n}`)) })
      await runSql(lab.url, 'ANALYZE')
      works.push(await workOf(lab, await prepare(lab, count), t))
    }
    const [few, many] = works as [Work, Work]
    t.ok(many.calls <= few.calls * 3.5 + fewItems, `calls of functions: ${few.calls}, then ${many.calls}`)
    t.ok(many.rows <= few.rows * 4 + 10 * fewItems, `rows read: ${few.rows}, then ${many.rows}`)
  })
}
