// Whether the service's memory grows under load: its resident size after a tenth of the time, and at the end.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { clearInterval, setInterval } from 'node:timers'

const clients = 8
const json = { 'content-type': 'application/json' }

/** Loads a service that is starting for so many seconds; `{ requests, early, late, ratio }` with sizes in MiB, each the median of several looks. */
export async function measureMemory (server, { seconds }) {
  const address = await readyAt(server)
  const call = async (method, path, body) => await (await fetch(`${address}${path}`, { method, headers: body ? json : {}, body: body && JSON.stringify(body) })).json()
  await call('PUT', '/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 42 }, Washer: { capacity: 42 } } } })
  const plates = await Promise.all(Array.from({ length: 20 }, async () => (await call('POST', '/api/containers', { device: 'Hotel' })).id))
  const end = Date.now() + seconds * 1000
  const tenth = Date.now() + seconds * 100
  const sizes = { early: [], late: [] }
  let requests = 0

  async function work (client) {
    for (let n = 0; Date.now() < end; n++) {
      const plate = plates[(client + n * clients) % plates.length]
      await call('POST', `/api/containers/${plate}/move`, { target_device: n % 2 ? 'Hotel' : 'Washer' })
      await call('GET', `/api/containers/${plate}`)
      await call('GET', '/api/devices/Hotel/positions')
      await call('POST', '/api/steps', { id: randomUUID(), device: 'Washer', data: { fct: 'wash', cycles: n % 50 }, start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:00:31Z' })
      await call('POST', '/api/estimates', { step: { device: 'Washer', data: { fct: 'wash', cycles: n % 50 } } })
      await call('POST', `/api/containers/${plate}/move`, { target_device: 'Attic' })
      requests += 6
    }
  }
  const watching = setInterval(() => {
    const now = Date.now()
    if (now > tenth && sizes.early.length < 5) sizes.early.push(residentMiB(server.pid))
    if (now > end - 5000) sizes.late.push(residentMiB(server.pid))
  }, 1000)
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)))
  clearInterval(watching)
  if (sizes.late.length === 0) sizes.late.push(residentMiB(server.pid))
  if (sizes.early.length === 0) sizes.early.push(sizes.late[0])
  const [early, late] = [median(sizes.early), median(sizes.late)]
  return { requests, early: Math.round(early), late: Math.round(late), ratio: late / early }
}

async function readyAt (server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const { msg, address } = JSON.parse(line)
    if (msg !== 'ready') continue
    // the rest of the log is read, so that the service never waits for a reader
    server.stdout.resume()
    return address
  }
  throw new Error('the service did not start')
}

function residentMiB (pid) {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024
}

function median (sizes) {
  return [...sizes].sort((a, b) => a - b)[Math.floor(sizes.length / 2)]
}
