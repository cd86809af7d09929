// npm run bench:stream [-- --seconds 30] [--readers 50] [--moves 20] [--database-url URL] [--json file]; see bench/README.md.
// How soon the readers of one instance hear of what another one wrote, what a reader costs that takes nothing, and how long a stop takes.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { writeJson } from '../support/json.ts'
import { residentMiB } from '../support/process-usage.ts'
import { quantile } from '../support/quantile.ts'
import { say } from '../support/say.ts'
import { databaseUrl, execute } from '../support/server-databases.ts'
import { withDatabaseServer } from './database-server.ts'
import { startMeasuredService, type Subject } from './processes.ts'
import { openReader, openReaders, type Reader } from './stream-readers.ts'

type Written = { revision: number, answeredAt: number }
type Stalled = { readers: number, cut: number, reading_mib: number, stalled_mib: number, mib_each: number }
type Delay = { instance: string, readers: number, frames: number, p50_ms: number, p99_ms: number, most_ms: number }

const { values } = parseArgs({ options: {
  seconds: { type: 'string', default: '30' }, readers: { type: 'string', default: '50' }, moves: { type: 'string', default: '20' }, 'database-url': { type: 'string' }, json: { type: 'string' }
} })
const [seconds, count, moves] = [Number(values.seconds), Number(values.readers), Number(values.moves)]
const goals = { p99_ms: 250, stalled_mib: 2, stop_ms: 1000 }
/** How long a busy machine may take until each reader is told of each move. */
const patienceMs = 60_000
/** The plates of the arrangements that stalled readers do not take: one revision has an event of each, so it is a large frame for every filter. */
const plates = 100
/** More than the buffers of the machine and of the service hold. */
const arrangements = 80

await withDatabaseServer(values['database-url'], async (server, about) => {
  await execute(server, 'DROP DATABASE IF EXISTS stream')
  await execute(server, 'CREATE DATABASE stream')
  const url = databaseUrl(server, 'stream')
  const writing = await startMeasuredService(url, { RATE_LIMIT_PER_MINUTE: '0' })
  const other = await startMeasuredService(url, { RATE_LIMIT_PER_MINUTE: '0' })
  let hasStopped = false
  try {
    await makeStreamLab(writing)
    const { delays, writes } = await measureDelays(writing, other)
    const stalled = await measureStalled(writing, other)
    const stop_ms = await measureStop(other)
    hasStopped = true
    for (const { instance, readers, frames, p50_ms, p99_ms, most_ms } of delays) {
      const [p50, p99, most] = [p50_ms, p99_ms, most_ms].map((ms) => `${ms.toFixed(1).padStart(7)} ms`)
      process.stdout.write(`${instance.padEnd(22)}${String(readers).padStart(4)} readers ${String(frames).padStart(7)} frames  p50 ${p50}  p99 ${p99}  most ${most}\n`)
    }
    process.stdout.write(`${verdict(delays[0]!.p99_ms, goals.p99_ms)} p99 at the other instance: ${delays[0]!.p99_ms.toFixed(1)} ms, goal ${goals.p99_ms}\n`)
    process.stdout.write(`${verdict(stalled.mib_each, goals.stalled_mib)} a reader that takes nothing: ${stalled.mib_each.toFixed(2)} MiB, goal ${goals.stalled_mib}\n`)
    process.stdout.write(`${verdict(stop_ms, goals.stop_ms)} stop with ${count} readers and as many stalled: ${stop_ms} ms, goal ${goals.stop_ms}\n`)
    const setting = { taken_at: new Date().toISOString(), node: process.version, ...about, seconds, moves_per_second: moves }
    writeJson(values.json, { ...setting, writes, delays, stalled, stop_ms })
  } finally {
    await writing.stop()
    if (!hasStopped) await other.stop()
  }
})

async function makeStreamLab ({ address }: Subject): Promise<void> {
  await send(address, 'PUT', '/api/lab/config', { sila_servers: { devices: { Left: { capacity: plates }, Right: { capacity: plates } } } })
  await send(address, 'POST', '/api/containers/batch', { containers: Array.from({ length: plates }, (_, n) => ({ device: 'Left', position: n, barcode: `P${n}` })) })
}

/** Moves at one instance, evenly over time; readers at the other one, and one at the instance that moves. */
async function measureDelays (writing: Subject, other: Subject): Promise<{ delays: Delay[], writes: number }> {
  say(`${count} readers, ${moves} moves a second, ${seconds} s`)
  const far = await openReaders(count, async () => await openReader(other.address))
  const near = await openReaders(1, async () => await openReader(writing.address))
  const written: Promise<Written>[] = []
  const began = performance.now()
  for (let n = 0; n < seconds * moves; n++) {
    await sleep(Math.max(0, began + n * 1000 / moves - performance.now()))
    written.push(move(writing.address, n))
  }
  const all = await Promise.all(written)
  const isTold = ({ cameAt }: Reader): boolean => all.every(({ revision }) => cameAt.has(revision))
  for (const end = Date.now() + patienceMs; Date.now() < end && ![...far, ...near].every(isTold);) await sleep(50)
  const delays = [delayOf('the other instance', far, all), delayOf('the same instance', near, all)]
  for (const reader of [...far, ...near]) reader.leave()
  return { delays, writes: all.length }
}

function delayOf (instance: string, readers: readonly Reader[], written: readonly Written[]): Delay {
  const delays = readers.flatMap(({ cameAt }) => written.map(({ revision, answeredAt }) => {
    const came = cameAt.get(revision)
    if (came === undefined) throw new Error(`a reader of ${instance} was not told of revision ${revision}`)
    // a frame can come before the answer
    return Math.max(0, came - answeredAt)
  }))
  const [p50_ms, p99_ms] = [quantile(delays, 0.5), quantile(delays, 0.99)]
  return { instance, readers: readers.length, frames: delays.length, p50_ms, p99_ms, most_ms: Math.max(...delays) }
}

/** Each plate goes there and back, and is moved again only after all others, so that no move waits for its plate. */
async function move (address: string, n: number): Promise<Written> {
  const target = Math.floor(n / plates) % 2 === 0 ? 'Right' : 'Left'
  const revision = await send(address, 'POST', `/api/containers/P${n % plates}/move`, { target_device: target, target_pos: n % plates })
  return { revision, answeredAt: performance.now() }
}

/** The memory at its highest, first with readers that read, then with as many that do not. Each has a filter of its own, so that they share no bytes. */
async function measureStalled (writing: Subject, other: Subject): Promise<Stalled> {
  say(`${count} readers that read, then ${count} that take nothing`)
  const most = async (stalled: boolean): Promise<{ mib: number, cut: number }> => {
    const readers = await openReaders(count, async (n) => await openReader(other.address, `?container=P${n}`, { stalled }))
    let mib = 0
    const timer = setInterval(() => { mib = Math.max(mib, residentMiB(other.pid)) }, 20)
    for (let n = 0; n < arrangements; n++) {
      await arrange(writing.address, n)
      await sleep(100)
    }
    await sleep(1000)
    clearInterval(timer)
    const cut = count - await streams(other.address)
    for (const reader of readers) reader.leave()
    await sleep(500)
    return { mib, cut }
  }
  // the heap grows to what the work needs before anything is compared
  await most(false)
  const reading = await most(false)
  const stalled = await most(true)
  const mib_each = Math.max(0, (stalled.mib - reading.mib) / count)
  return { readers: count, cut: stalled.cut, reading_mib: reading.mib, stalled_mib: stalled.mib, mib_each }
}

/** The open streams of an instance. */
async function streams (address: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text()
  return Number(/^platform_status_streams (\d+)$/m.exec(text)?.[1])
}

async function arrange (address: string, n: number): Promise<void> {
  const device = n % 2 === 0 ? 'Right' : 'Left'
  const items = Array.from({ length: plates }, (_, position) => ({ container: `P${position}`, device, position }))
  await send(address, 'POST', '/api/arrangements', { reason: 'The benchmark.', items })
}

/** From SIGTERM to the end of the process, with readers that read and as many that take nothing of what is written to them. */
async function measureStop (other: Subject): Promise<number> {
  say('stop')
  await openReaders(count, async () => await openReader(other.address))
  await openReaders(count, async () => await openReader(other.address, '?after=0', { stalled: true }))
  await sleep(1000)
  const began = performance.now()
  await other.stop()
  return Math.round(performance.now() - began)
}

/** Returns the revision of the write. */
async function send (address: string, method: string, path: string, body: object): Promise<number> {
  const answer = await fetch(address + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${text}`)
  return Number(answer.headers.get('lab-revision'))
}

function verdict (value: number, most: number): string {
  return value <= most ? 'met   ' : 'MISSED'
}
