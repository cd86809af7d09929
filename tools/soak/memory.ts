// Whether the memory of the service grows under load: its resident size after a tenth of the time, and at the end.
import type { ChildProcessByStdio } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { residentMiB } from '../support/process-usage.ts'
import { median } from '../support/quantile.ts'

const clients = 8

/** Sizes are in MiB, each the median of several looks. */
export type MemoryGrowth = { requests: number, early: number, late: number, ratio: number }

/** Puts a service that is starting under load for so many seconds. */
export async function measureMemory (server: ChildProcessByStdio<null, Readable, null>, { seconds }: { seconds: number }): Promise<MemoryGrowth> {
  const address = await readyAt(server)
  const pid = server.pid ?? 0
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => await (await fetch(`${address}${path}`, {
    method, ...body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  })).json() as T
  await call('PUT', '/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 42 }, Washer: { capacity: 42 } } } })
  const plates = await Promise.all(Array.from({ length: 20 }, async () => (await call<{ id: string }>('POST', '/api/containers', { device: 'Hotel' })).id))
  const end = Date.now() + seconds * 1000
  const tenth = Date.now() + seconds * 100
  const sizes: { early: number[], late: number[] } = { early: [], late: [] }
  let requests = 0

  async function work (client: number): Promise<void> {
    for (let n = 0; Date.now() < end; n++) {
      const plate = plates[(client + n * clients) % plates.length]
      const step = { device: 'Washer', data: { fct: 'wash', cycles: n % 50 } }
      await call('POST', `/api/containers/${plate}/move`, { target_device: n % 2 ? 'Hotel' : 'Washer' })
      await call('GET', `/api/containers/${plate}`)
      await call('GET', '/api/devices/Hotel/positions')
      await call('POST', '/api/steps', { ...step, id: randomUUID(), start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:00:31Z' })
      await call('POST', '/api/estimates', { step })
      await call('POST', `/api/containers/${plate}/move`, { target_device: 'Attic' })
      requests += 6
    }
  }
  const watching = setInterval(() => {
    const now = Date.now()
    if (now > tenth && sizes.early.length < 5) sizes.early.push(residentMiB(pid))
    if (now > end - 5000) sizes.late.push(residentMiB(pid))
  }, 1000)
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)))
  clearInterval(watching)
  if (sizes.late.length === 0) sizes.late.push(residentMiB(pid))
  const late = median(sizes.late)
  const early = sizes.early.length === 0 ? late : median(sizes.early)
  return { requests, early: Math.round(early), late: Math.round(late), ratio: late / early }
}

async function readyAt (server: ChildProcessByStdio<null, Readable, null>): Promise<string> {
  for await (const line of createInterface({ input: server.stdout })) {
    const { msg, address } = JSON.parse(line) as { msg: string, address: string }
    if (msg !== 'ready') continue
    // the rest of the log is read and dropped, so that the service never waits for a reader
    server.stdout.resume()
    return address
  }
  throw new Error('the service did not start')
}
