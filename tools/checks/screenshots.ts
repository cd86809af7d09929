// Takes pictures of every page: on a phone, a tablet and a desktop, light and dark, on paper, and in the states that people meet: an empty lab,
// an alarm, a lost connection, a past moment, a full lab, each sheet. Writes them into the folder SCREENSHOTS, which CI can keep. Nothing compares
// them, because letters differ from machine to machine: a person or a model looks at them before a release. Words after the command choose pictures;
// `guide` makes those of docs/guides/page.md anew.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { projectRoot } from '../../src/project-root.ts'
import { launchChromium } from '../support/chromium.ts'
import { type RunningService, startService } from '../support/service.ts'
import { readySheets, sheets } from './browser/accessible.ts'
import { alarmRaised, fillLab, fillLargeLab, fillOddLab, runId } from './browser/lab.ts'
import { type Call, callerOf, openPage, scan } from './browser/page.ts'
import { allPages } from './browser/pages.ts'
import { pictureFolder } from './browser/seen.ts'

const phone = { width: 390, height: 844 }
const tablet = { width: 820, height: 1180 }
const desktop = { width: 1440, height: 900 }
/** A4 without its margins, at 96 dots an inch. */
const paper = { width: 703, height: 1032 }
const guide: readonly { name: string, path: string, viewport: { width: number, height: number }, opens?: string }[] = [
  { name: 'now', path: '/', viewport: { width: 1100, height: 760 } },
  { name: 'run', path: `/runs/${runId}`, viewport: { width: 1100, height: 520 } },
  { name: 'correction', path: '/labware/SCREEN_014', viewport: { width: 480, height: 760 }, opens: 'Fix' }
]
/** The clock of the tablet is an hour ahead of that of the database. */
const hourAhead = `{
  const Real = Date
  const ahead = 3_600_000
  globalThis.Date = class extends Real {
    constructor (...given) { given.length === 0 ? super(Real.now() + ahead) : super(...given) }
    static now () { return Real.now() + ahead }
  }
}`
const words = process.argv.slice(2)
let taken = 0

const browser = await launchChromium()
if (browser === undefined) {
  console.log('skipped: screenshots: there is no Chromium here (apt-get install chromium)')
} else {
  try {
    if (words.includes('guide')) await guidePictures(browser)
    else await allPictures(browser)
  } finally {
    await browser.close()
  }
}

async function allPictures (browser: Browser): Promise<void> {
    await withLab(async () => {}, async (service) => { for (const path of ['/', '/labware', '/runs', '/steps', '/log', '/stocktake', '/insights/use', '/lab/devices']) await shots(browser, service, 'empty', path) })
    await withLab(async (service) => { await fillLab(callerOf(service)) }, async (service) => { await eachState(browser, service) })
    await withLab(async (service) => { await fillLargeLab(callerOf(service)) }, async (service) => { for (const path of ['/', '/labware', '/wall']) await shots(browser, service, 'full', path) })
    await withLab(async (service) => { await fillOddLab(callerOf(service)) }, async (service) => {
      for (const path of ['/', '/?sel=Tower:9999', '/devices/Tower', '/labware', '/stocktake/Tower', '/lab/devices']) await shots(browser, service, 'odd', path)
      for (const path of ['/', '/log', '/help']) await shots(browser, service, 'clock', path, { script: hourAhead })
    })
    await withKeys(async (service, admin) => { await statesOfKeys(browser, service, admin) })
    console.log(`${taken} pictures in ${pictureFolder()}`)
}

/** Those of the guide and of the README: a lab without the names that only try the page. */
async function guidePictures (browser: Browser): Promise<void> {
  const folder = join(projectRoot, 'docs', 'guides', 'pictures')
  await withLab(async (service) => { await fillLab(callerOf(service)) }, async (service) => {
    const call = callerOf(service)
    for (const barcode of ['X'.repeat(200), '细胞板-07']) await call('DELETE', `/api/containers/${encodeURIComponent(barcode)}?reason=picture`)
    await call('PATCH', '/api/devices/Inkubationsschrank_mit_sehr_langem_Namen', { name: 'Incubator' })
    await alarmRaised(call)
    for (const { name, path, viewport, opens } of guide) {
      const { page, settled, close } = await openPage(browser, service, path, { viewport })
      await settled()
      if (opens !== undefined) await page.getByRole('button', { name: opens, exact: true }).click()
      await page.screenshot({ path: join(folder, `${name}.png`) })
      await close()
    }
  })
}

async function eachState (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  await alarmRaised(call)
  await readySheets(call)
  for (const path of Object.keys(await allPages(call))) await shots(browser, service, 'page', path)
  for (const { path, opens } of sheets) {
    await shots(browser, service, `sheet-${opens}`, path, {
      ready: async (page) => {
        await page.getByRole('button', { name: opens, exact: true }).click()
        await page.getByRole('dialog').waitFor()
      }
    })
  }
  await shots(browser, service, 'difference', '/lab/file', { ready: differenceShown })
  await webhookWithAttempts(call, async (url) => {
    await shots(browser, service, 'attempts', '/lab/webhooks', {
      ready: async (page) => {
        await page.getByRole('button', { name: url }).click()
        await page.getByRole('row', { name: /attempt 1/ }).first().waitFor()
      }
    })
  })
  await shots(browser, service, 'stale', '/', {
    ready: async (page) => {
      await page.context().setOffline(true)
      await page.getByText(/no connection since .*, trying/).waitFor()
    },
    expected: /ERR_|Failed to load/
  })
}

/** What the lab file would change: a device gets slots, one is new, one is gone, and a number is written as text. */
async function differenceShown (page: Page): Promise<void> {
  const file = page.getByLabel('The lab file, as YAML')
  await file.fill('sila_servers:\n  storage:\n    Hotel1: { capacity: 24 }\n    Hotel2: { capacity: 20, type: hotel }\n    Hotel3: { capacity: 20 }\n' +
    '    Inkubationsschrank_mit_sehr_langem_Namen: { capacity: 100 }\n  devices: { Washer: { capacity: 1, uri: 8080 }, Sealer: { capacity: 1 } }\n')
  await page.getByRole('button', { name: 'Try' }).click()
  await page.getByRole('heading', { name: /^It changes/ }).waitFor()
}

/** A webhook whose receiver takes the second message only. */
async function webhookWithAttempts (call: Call, use: (url: string) => Promise<void>): Promise<void> {
  let received = 0
  const receiver = createServer((_request, response) => { response.writeHead(received++ === 1 ? 200 : 500, { 'content-type': 'text/plain' }).end('The receiver has no room.') })
  await new Promise<void>((resolve) => { receiver.listen(0, '127.0.0.1', resolve) })
  try {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
    const { id } = await call('POST', '/api/webhooks', { url, kinds: ['moved'] })
    for (const target_pos of [11, 12]) await call('POST', '/api/containers/SCREEN_003/move', { target_device: 'Hotel2', target_pos })
    for (const until = Date.now() + 30_000; received < 3 && Date.now() < until;) await new Promise((resolve) => { setTimeout(resolve, 200) })
    await call('POST', `/api/webhooks/${String(id)}/test`)
    await use(url)
  } finally {
    receiver.closeAllConnections()
    receiver.close()
  }
}

/** A screen that may only read, and who signs there with a badge. */
async function statesOfKeys (browser: Browser, service: RunningService, admin: string): Promise<void> {
  const call = callerOf(service, admin)
  await alarmRaised(call)
  await readySheets(call)
  const keyOf = async (name: string, scope: string): Promise<string> => String((await call('POST', '/api/keys', { name, scopes: [scope] })).key)
  const [wall, badge] = [await keyOf('wall', 'read'), await keyOf('ada', 'operate')]
  const asWall = { signedIn: wall, expected: /status of 40[13]/ }
  for (const path of Object.keys(await allPages(call))) await shots(browser, service, 'reader', path, asWall)
  await shots(browser, service, 'signed-out', '/', { expected: /status of 401/, isSignedOut: true })
  await shots(browser, service, 'sheet-badge-alarm', '/', {
    ...asWall, ready: async (page) => {
      await page.getByRole('button', { name: 'I am on my way' }).click()
      await scan(page, badge)
      await page.getByText('Signed by ada').waitFor()
    }
  })
  await shots(browser, service, 'sheet-badge-undo', '/labware/SCREEN_000', {
    ...asWall, ready: async (page) => {
      await page.getByRole('button', { name: 'Fix', exact: true }).click()
      await page.getByRole('button', { name: 'wrong scan' }).click()
      await scan(page, badge)
      await page.getByText('Signed by ada').waitFor()
      await page.getByRole('button', { name: 'Record' }).click()
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await page.getByRole('button', { name: 'Undo' }).click()
      await page.getByText('This screen may not record this. Scan your badge.').waitFor()
    }
  })
  await shots(browser, service, 'badge-compare', '/stocktake/Hotel1', {
    ...asWall, ready: async (page) => {
      await scan(page, 'SCREEN_000')
      await scan(page, badge)
      await page.getByText('Signed by ada').waitFor()
      await page.getByRole('button', { name: 'Compare' }).click()
      await page.getByRole('heading', { name: /^Findings/ }).waitFor()
    }
  })
}

/** How a picture comes about: what the console may say, a script that runs before those of the page, and with which key the browser is signed in. */
type State = { ready?: (page: Page) => Promise<void>, expected?: RegExp, script?: string, signedIn?: string, isSignedOut?: boolean }

/** The cookie of a browser that signed in with this key. */
async function sessionOf ({ url }: RunningService, key: string): Promise<BrowserContextOptions['storageState']> {
  const answer = await fetch(`${url}/api/session`, { method: 'POST', headers: { 'content-type': 'application/json', origin: url }, body: JSON.stringify({ key }) })
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(answer.headers.get('set-cookie') ?? '') ?? []
  if (name === undefined || value === undefined) throw new Error(`signing in is answered ${answer.status}`)
  return { cookies: [{ name, value, domain: new URL(url).hostname, path: '/', expires: -1, httpOnly: true, secure: false, sameSite: 'Strict' }], origins: [] }
}

/** A page at each width and in each colour. On a phone only what is seen first, because people see it so. */
async function shots (
  browser: Browser, service: RunningService, state: string, path: string, { ready = async () => {}, signedIn, isSignedOut = false, ...extra }: State = {}
): Promise<void> {
  const name = `${state}-${path.replaceAll(/\W+/g, '-').replace(/^-/, '') || 'now'}`
  if (words.length > 0 && !words.some((word) => name.includes(word))) return
  for (const options of [{ viewport: phone, isMobile: true, hasTouch: true }, { viewport: desktop }] satisfies BrowserContextOptions[]) {
    const storageState = signedIn === undefined ? undefined : await sessionOf(service, signedIn)
    const { page, settled, close } = await openPage(browser, service, path, { ...options, ...extra, ...storageState === undefined ? {} : { storageState } })
    if (isSignedOut) await page.getByText('Scan your badge').first().waitFor()
    else await settled()
    await ready(page)
    if (options.viewport === phone) {
      await take(page, `${name}-390`, false)
      await page.emulateMedia({ colorScheme: 'dark' })
      await take(page, `${name}-390-dark`, true)
    } else {
      await take(page, `${name}-1440`, true)
      await page.emulateMedia({ colorScheme: 'dark' })
      await page.setViewportSize(tablet)
      await take(page, `${name}-820-dark`, true)
      await page.emulateMedia({ colorScheme: 'light' })
      await take(page, `${name}-820`, true)
      if (!state.startsWith('sheet')) {
        await page.setViewportSize(paper)
        await page.emulateMedia({ media: 'print' })
        await take(page, `${name}-print`, true)
      }
    }
    await close()
  }
}

async function take (page: Page, name: string, fullPage: boolean): Promise<void> {
  await page.screenshot({ path: join(pictureFolder(), `${name}.png`), fullPage })
  taken++
}

async function withKeys (use: (service: RunningService, admin: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'platform-status-screenshots-'))
  const key = 'screenshots-'.repeat(4)
  writeFileSync(join(folder, 'key'), key)
  const service = await startService({ BOOTSTRAP_ADMIN_KEY_FILE: join(folder, 'key') })
  try {
    await fillLab(callerOf(service, key))
    await use(service, key)
  } finally {
    await service.stop()
    rmSync(folder, { recursive: true })
  }
}

async function withLab (fill: (service: RunningService) => Promise<void>, use: (service: RunningService) => Promise<void>): Promise<void> {
  const service = await startService()
  try {
    await fill(service)
    await use(service)
  } finally {
    await service.stop()
  }
}
