import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { messageOf } from '../../support/checks.ts'
import { faultsOf } from './page.ts'

/** Where pictures go. CI keeps this folder if it names one. */
export function pictureFolder (): string {
  const folder = process.env.SCREENSHOTS ?? join(tmpdir(), 'platform-status-screenshots')
  mkdirSync(folder, { recursive: true })
  return folder
}

const lastLines = 12

/**
 * Does a check. When it fails, the error says what the open pages showed, and a picture of each is kept: the machine of CI is gone when somebody
 * reads of it.
 */
export async function showingFailures (browser: Browser, name: string, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    const pages = browser.contexts().flatMap((context) => context.pages())
    const shown = await Promise.all(pages.map(async (page, n) => await pictureOf(page, join(pictureFolder(), `failed-${name.replaceAll(/\W+/g, '-')}-${n}.png`))))
    throw new Error([messageOf(error), ...shown].join('\n'), { cause: error })
  }
}

async function pictureOf (page: Page, path: string): Promise<string> {
  try {
    await page.screenshot({ path, fullPage: true, timeout: 20_000 })
    const text = await page.evaluate<string>('document.body.innerText')
    const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
    return [`seen when it failed: ${page.url()} (${path})`, ...faultsOf(page), ...lines.slice(-lastLines).map((line) => `  ${line.slice(0, 150)}`)].join('\n')
  } catch (error) {
    return `seen when it failed: ${page.url()}: no picture: ${messageOf(error).split('\n')[0]}; ${faultsOf(page).join('; ')}`
  }
}
