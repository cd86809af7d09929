// Takes pictures of every page: on a phone, a tablet and a desktop, light and dark, on paper, and in the states that people meet: an empty lab,
// an alarm, a lost connection, a past moment, a full lab, each sheet. Writes them into the folder SCREENSHOTS, which CI can keep. Nothing compares
// them, because letters differ from machine to machine: a person or a model looks at them before a release. Words after the command choose pictures;
// `guide` makes those of docs/guides/page.md anew.
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { projectRoot } from '../../src/project-root.ts'
import { launchChromium } from '../support/chromium.ts'
import { type RunningService, startService } from '../support/service.ts'
import { readySheets, sheets } from './browser/accessible.ts'
import { alarmRaised, fillLab, fillLargeLab, fillOddLab, runId } from './browser/lab.ts'
import { callerOf, openPage } from './browser/page.ts'
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
      for (const path of ['/', '/log', '/help']) await shots(browser, service, 'clock', path, async () => {}, undefined, hourAhead)
    })
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
    await shots(browser, service, `sheet-${opens}`, path, async (page) => {
      await page.getByRole('button', { name: opens, exact: true }).click()
      await page.getByRole('dialog').waitFor()
    })
  }
  await shots(browser, service, 'stale', '/', async (page) => {
    await page.context().setOffline(true)
    await page.getByText(/no connection since .*, trying/).waitFor()
  }, /ERR_|Failed to load/)
}

/** A page at each width and in each colour. On a phone only what is seen first, because people see it so. */
async function shots (
  browser: Browser, service: RunningService, state: string, path: string, ready: (page: Page) => Promise<void> = async () => {}, expected?: RegExp,
  script?: string
): Promise<void> {
  const name = `${state}-${path.replaceAll(/\W+/g, '-').replace(/^-/, '') || 'now'}`
  if (words.length > 0 && !words.some((word) => name.includes(word))) return
  for (const options of [{ viewport: phone, isMobile: true, hasTouch: true }, { viewport: desktop }] satisfies BrowserContextOptions[]) {
    const extra = { ...expected === undefined ? {} : { expected }, ...script === undefined ? {} : { script } }
    const { page, settled, close } = await openPage(browser, service, path, { ...options, ...extra })
    await settled()
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

async function withLab (fill: (service: RunningService) => Promise<void>, use: (service: RunningService) => Promise<void>): Promise<void> {
  const service = await startService()
  try {
    await fill(service)
    await use(service)
  } finally {
    await service.stop()
  }
}
