// npm run bench:page [-- --frames 1000000] [--seconds 60] [--viewers 50] [--moves 20] [--json file]; see bench/README.md.
// What a browser needs for the page: how large it is, how soon a lab of 10,000 slots and a move are on the screen, and whether its memory grows.
import type { Browser } from 'playwright-core'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fillLargeLab } from '../checks/browser/lab.ts'
import { callerOf, openPage, until } from '../checks/browser/page.ts'
import { launchChromium } from '../support/chromium.ts'
import { writeJson } from '../support/json.ts'
import { median, quantile } from '../support/quantile.ts'
import { say } from '../support/say.ts'
import { type RunningService, startService } from '../support/service.ts'
import { heapAfterFrames } from './page-heap.ts'
import { paintedAt, stampPaints } from './page-stamps.ts'
import { openReader, openReaders } from './stream-readers.ts'

type Figure = { what: string, value: number, unit: string, goal: number }

const { values } = parseArgs({ options: {
  frames: { type: 'string', default: '1000000' }, seconds: { type: 'string', default: '60' }, viewers: { type: 'string', default: '50' }, moves: { type: 'string', default: '20' }, json: { type: 'string' }
} })
const [frames, seconds, viewers, moves] = [Number(values.frames), Number(values.seconds), Number(values.viewers), Number(values.moves)]
const openings = 5
const singleMoves = 50
const mostPlates = 3300
if (seconds * moves > 2 * mostPlates) throw new Error(`There are plates for ${2 * mostPlates} moves.`)
/** The viewers that are real pages; the others only read the stream. */
const realPages = 3

const browser = await launchChromium()
if (browser === undefined) throw new Error('There is no Chromium here (apt-get install chromium).')
try {
  const service = await startService({ RATE_LIMIT_PER_MINUTE: '0' })
  const figures: Figure[] = []
  try {
    await fillLargeLab(callerOf(service))
    for (const measure of [measureFirstPage, measureSingleMoves, measureViewers, measureHeap]) {
      const measured = await measure(browser, service)
      figures.push(...measured)
      for (const { what, value, unit, goal } of measured) {
        const verdict = value <= goal ? 'met   ' : 'MISSED'
        process.stdout.write(`${verdict} ${what.padEnd(58)} ${value.toFixed(1).padStart(8)} ${unit}, at most ${goal}\n`)
      }
    }
  } finally {
    await service.stop()
  }
  const setting = { taken_at: new Date().toISOString(), node: process.version, chromium: browser.version() }
  writeJson(values.json, { ...setting, frames, seconds, viewers, moves_per_second: moves, figures })
} finally {
  await browser.close()
}

async function measureHeap (browser: Browser, service: RunningService): Promise<Figure[]> {
  say(`${frames} frames`)
  const { growth, after_mib } = await heapAfterFrames(browser, service, frames)
  return [
    { what: `heap after ${frames.toLocaleString('en')} frames against that after a tenth`, value: growth, unit: '%', goal: 10 },
    { what: 'that heap', value: after_mib, unit: 'MiB', goal: 40 }
  ]
}

/** The map is on the screen when the frame after that with its last device was drawn. */
async function measureFirstPage (browser: Browser, service: RunningService): Promise<Figure[]> {
  say('the first page with 10,000 slots')
  const painted: number[] = []
  let bytes = 0
  for (let n = 0; n < openings; n++) {
    const { page, settled, close } = await openPage(browser, service, '/', { viewport: { width: 1440, height: 900 }, script: stampPaints })
    await settled()
    painted.push(await page.evaluate<number>('mapPainted'))
    const loaded = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/'))"
    const sizes = await page.evaluate<number[]>(`${loaded}.map(({ encodedBodySize }) => encodedBodySize)`)
    bytes = sizes.reduce((sum, size) => sum + size, 0)
    await close()
  }
  return [
    { what: 'scripts and styles of the first page, compressed', value: bytes / 1024, unit: 'KiB', goal: 260 },
    { what: `10,000 slots on the screen, median of ${openings}`, value: median(painted), unit: 'ms', goal: 800 }
  ]
}

/** From the moment at which the page has the frame of the stream until the move is drawn. */
async function measureSingleMoves (browser: Browser, service: RunningService): Promise<Figure[]> {
  say('one move after another')
  const call = callerOf(service)
  const { page, settled, close } = await openPage(browser, service, '/', { viewport: { width: 1440, height: 900 }, script: stampPaints })
  await settled()
  const took: number[] = []
  for (let n = 0; n < singleMoves; n++) {
    const slot = n % 2 === 0 ? 1 : 0
    await page.evaluate('stamps.clear(), frameAt = 0')
    await call('POST', '/api/containers/Hotel0_0/move', { target_device: 'Hotel0', target_pos: slot })
    await until(page, `stamps.has('Slot ${slot}, Hotel0_0, no lid')`)
    took.push(await page.evaluate<number>(`stamps.get('Slot ${slot}, Hotel0_0, no lid') - performance.timeOrigin - frameAt`))
  }
  await close()
  return [
    { what: `a move among 10,000 slots drawn, median of ${singleMoves}`, value: median(took), unit: 'ms', goal: 50 }
  ]
}

/** From the answer to who moved it until it is drawn on the screens of others. */
async function measureViewers (browser: Browser, service: RunningService): Promise<Figure[]> {
  say(`${viewers} viewers, ${moves} moves a second, ${seconds} s`)
  const call = callerOf(service)
  const readers = await openReaders(viewers - realPages, async () => await openReader(service.url))
  const pages = []
  for (let n = 0; n < realPages; n++) {
    const opened = await openPage(browser, service, '/', { viewport: { width: 1440, height: 900 }, script: stampPaints })
    await opened.settled()
    pages.push(opened)
  }
  const answers: Promise<{ name: string, at: number }>[] = []
  const began = performance.now()
  for (let n = 0; n < seconds * moves; n++) {
    await sleep(Math.max(0, began + n * 1000 / moves - performance.now()))
    answers.push(moveOnce(n))
  }
  const moved = await Promise.all(answers)
  const names = JSON.stringify(moved.map(({ name }) => name))
  const delays: number[] = []
  for (const { page, close } of pages) {
    await until(page, `${names}.every((name) => stamps.has(name))`)
    const seen = await page.evaluate<Record<string, number>>(paintedAt)
    for (const { name, at } of moved) delays.push(Math.max(0, seen[name]! - at))
    await close()
  }
  for (const reader of readers) reader.leave()
  return [
    { what: `a move on the screens of ${viewers} viewers, p50`, value: median(delays), unit: 'ms', goal: 100 },
    { what: `a move on the screens of ${viewers} viewers, p99`, value: quantile(delays, 0.99), unit: 'ms', goal: 500 }
  ]

  /** Each plate goes to the two free slots after it, the last of each device not at all, so no plate comes to the same slot twice. */
  async function moveOnce (n: number): Promise<{ name: string, at: number }> {
    const [round, plate] = [Math.floor(n / mostPlates), n % mostPlates]
    const [device, index] = [`Hotel${Math.floor(plate / 33)}`, plate % 33]
    const slot = index * 3 + 1 + round
    await call('POST', `/api/containers/${device}_${index}/move`, { target_device: device, target_pos: slot })
    return { name: `Slot ${slot}, ${device}_${index}, no lid`, at: Date.now() }
  }
}
