import t from 'tap'
import { sql as runSql } from '../support/backups.ts'
import { aLab, type Service } from '../support/service.ts'
import { repetitions } from '../support/thorough.ts'
import { type Work, workOf } from '../support/work.ts'

// Reads of the whole lab. The labs have hundreds of devices, because PostgreSQL reads small tables from end to end instead of by an index. Three times the devices may cost three times the work, never nine times. PostgreSQL counts the work, as in linear-work.test.ts.

const few = repetitions({ quick: 200, thorough: 400 })
const many = 3 * few

/** Three devices a group, each with a plate, and a slot of its own height. All had another description before. */
async function aLabOf (lab: Service, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n)
  for (const description of ['before', 'now']) {
    const groups: Record<string, Record<string, object>> = {}
    for (const n of numbers) (groups[`group ${Math.floor(n / 3)}`] ??= {})[`Device ${n}`] = { capacity: 2, description, slots: { 1: { max_height_mm: 50 } } }
    await lab.put('/api/lab/config', { sila_servers: groups })
  }
  await lab.post('/api/containers/batch', { containers: numbers.map((n) => ({ device: `Device ${n}`, position: 0, barcode: `P${n}` })) })
  await runSql(lab.url, 'ANALYZE')
}

const urls = ['/api/lab', '/api/lab/config', '/api/lab/health', '/api/lab?at=', '/api/lab/config?at=', '/api/devices/utilization', '/present']

t.test('three times the devices cost about three times the work', async (t) => {
  const works: Work[][] = []
  for (const count of [few, many]) {
    const lab = await aLab(t, { Hotel: 1 })
    await aLabOf(lab, count)
    const counted: Work[] = []
    for (const url of urls) counted.push(await workOf(lab, () => lab.get(url.endsWith('at=') ? `${url}${new Date().toISOString()}` : url), t))
    works.push(counted)
  }
  for (const [n, url] of urls.entries()) {
    const [less, more] = [works[0]![n]!, works[1]![n]!]
    t.ok(more.calls <= less.calls * 3.5 + few, `GET ${url}, calls of functions: ${less.calls}, then ${more.calls}`)
    t.ok(more.rows <= less.rows * 4 + 10 * few, `GET ${url}, rows read: ${less.rows}, then ${more.rows}`)
  }
})
