import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { openPage } from './page.ts'
import { pages } from './pages.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const sizes = [{ width: 390, height: 844 }, { width: 1440, height: 900 }]

type Violation = { id: string, help: string, nodes: { html: string, failureSummary: string }[] }

/** No page breaks a rule of WCAG 2.2 AA that a program can test: light and dark, phone and desktop; the sheet of a correction, too. */
export async function accessiblePages (browser: Browser, service: RunningService): Promise<void> {
  for (const viewport of sizes) {
    for (const path of Object.keys(pages)) {
      const { page, settled, close } = await openPage(browser, service, path, { viewport })
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled()
      await checkInBothColours(page, `${path} ${viewport.width}`)
      if (path === '/labware/SCREEN_014') {
        await page.getByRole('button', { name: 'Fix', exact: true }).click()
        await page.getByRole('dialog').getByText('tracked:').waitFor()
        await page.getByRole('button', { name: 'Record' }).click()
        await checkInBothColours(page, `the sheet ${viewport.width}`)
      }
      await close()
    }
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
  for (const path of Object.keys(pages)) {
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
