import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { runId, lateStepId } from './lab.ts'
import { type Call, callerOf, openPage } from './page.ts'
import { allPages } from './pages.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const sizes = [{ width: 390, height: 844 }, { width: 1440, height: 900 }]

type Violation = { id: string, help: string, nodes: { html: string, failureSummary: string }[] }

/** No page breaks a rule of WCAG 2.2 AA that a program can test: light and dark, phone and desktop. */
export async function accessiblePages (browser: Browser, service: RunningService): Promise<void> {
  for (const viewport of sizes) {
    for (const path of Object.keys(await allPages(callerOf(service)))) {
      const { page, settled, close } = await openPage(browser, service, path, { viewport })
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled()
      await checkInBothColours(page, `${path} ${viewport.width}`)
      await close()
    }
  }
}

/** The buttons of each page that open a sheet, and that of the sheet, which says what is missing. */
export const sheets: readonly { path: string, opens: string, sends?: string }[] = [
  ...['Fix', 'Move', 'Label', 'Take off'].map((opens) => ({ path: '/labware/SCREEN_014', opens, ...opens === 'Label' ? {} : { sends: 'Record' } })),
  { path: '/labware/SCREEN_000', opens: 'Lid off', sends: 'Record' },
  { path: '/labware/SCREEN_001', opens: 'Lid on' },
  { path: '/stocktake/Hotel1', opens: 'Scan' },
  { path: `/runs/${runId}`, opens: 'Pause', sends: 'Record' },
  { path: `/steps/${lateStepId}`, opens: 'Exclude from estimates', sends: 'Record' },
  { path: '/log?kind=corrected', opens: 'Undo' },
  { path: '/lab/devices', opens: 'Add a device', sends: 'Add' },
  { path: '/lab/devices', opens: 'Change Hotel1' },
  { path: '/lab/devices', opens: 'Retire Bin' },
  { path: '/devices/Hotel1/0', opens: 'Change' },
  { path: '/lab/labware-types', opens: 'Add a type', sends: 'Record' },
  { path: '/lab/keys', opens: 'Make a key', sends: 'Make' },
  { path: '/lab/webhooks', opens: 'Add a webhook', sends: 'Add' }
]

/** What the sheets need that the lab has not. */
export async function readySheets (call: Call): Promise<void> {
  await call('POST', '/api/containers/SCREEN_003/correct', { reason: 'seen there', device: 'Hotel2', position: 1 })
}

/** The same for each sheet, when it says what is missing. */
export async function accessibleSheets (browser: Browser, service: RunningService): Promise<void> {
  await readySheets(callerOf(service))
  for (const { path, opens, sends } of sheets) {
    const { page, settled, close } = await openPage(browser, service, path)
    await settled()
    await page.getByRole('button', { name: opens, exact: true }).click()
    await page.getByRole('dialog').waitFor()
    if (sends !== undefined) {
      await page.getByRole('dialog').getByRole('button', { name: sends, exact: true }).click()
      await page.getByRole('dialog').getByRole('alert').waitFor()
    }
    await settled()
    for (const viewport of sizes) {
      await page.setViewportSize(viewport)
      await checkInBothColours(page, `the sheet of ${opens} ${viewport.width}`)
      const over = await page.evaluate<number>("(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('dialog'))")
      if (over > 0) throw new Error(`the sheet of ${opens} is ${over} pixels too wide at ${viewport.width}`)
    }
    await close()
  }
}

async function checkInBothColours (page: Page, where: string): Promise<void> {
  await page.evaluate(axe)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await check(page, `${where} ${colorScheme}`)
  }
}

async function check (page: Page, where: string): Promise<void> {
  const violations = await page.evaluate<Violation[]>("axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) => violations)")
  if (violations.length > 0) throw new Error(violations.map(({ id, help, nodes }) => `${where}: ${id}: ${help}\n${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join('\n')}`).join('\n'))
}

/** On 320 pixels, and with letters twice as large, nothing has to be scrolled sideways. */
export async function reflow (browser: Browser, service: RunningService): Promise<void> {
  for (const path of Object.keys(await allPages(callerOf(service)))) {
    const { page, settled, close } = await openPage(browser, service, path, { viewport: { width: 320, height: 640 } })
    await settled()
    for (const size of [100, 200]) {
      await page.setViewportSize({ width: size === 100 ? 320 : 640, height: 640 })
      await page.evaluate(`document.documentElement.style.fontSize = '${size}%'`)
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      if (over > 0) throw new Error(`${path} is ${over} pixels too wide with letters of ${size} %`)
    }
    await close()
  }
}
