import type { Browser, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { readySheets, sheets } from './accessible.ts'
import { alarmRaised } from './lab.ts'
import { callerOf, openLive, openPage, until } from './page.ts'
import { allPages } from './pages.ts'

export const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

/**
 * What a finger in a glove misses: smaller than 44 pixels, or nearer than 4 pixels to another. A link in the middle of a sentence is text, as WCAG 2.5.8 has it, and slots stand beside each other as in
 * the device. What is folded or behind a sheet is not there; a label counts together with its box. What opens has a sign that says whether it is open.
 */
const missed = `(() => {
  const open = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document
  const reachable = [...open.querySelectorAll('a[href], button, input, select, textarea, summary, [role="gridcell"]')].filter((one) => one.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: false }))
  const boxes = []
  const faults = []
  for (const one of reachable) {
    if (one.closest('.for-readers, .skip')) continue
    const isText = one.tagName === 'A' && getComputedStyle(one).display === 'inline'
    if (isText && one.parentElement.closest('p, li, .prose')) continue
    if (one.tagName === 'SUMMARY') {
      const { content, rotate } = getComputedStyle(one, '::before')
      if (!content.includes('▸') || rotate !== (one.parentElement.open ? '90deg' : 'none')) faults.push('nothing says that "' + one.textContent + '" opens: ' + content + ', ' + rotate)
    }
    const shown = one.closest('label.radio, label.photo, label.key') ?? one
    const { left, top, right, bottom, width, height } = shown.getBoundingClientRect()
    if (width === 0 || width === 1) continue
    const name = (one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent).trim().slice(0, 40)
    if (Math.round(height) < 44 || Math.round(width) < 44) faults.push(one.tagName + ' "' + name + '" is ' + Math.round(width) + ' x ' + Math.round(height))
    for (const other of boxes) {
      if (other.shown === shown || other.shown.contains(shown) || shown.contains(other.shown) || one.role === 'gridcell') continue
      const isApart = left >= other.right - 1 || right <= other.left + 1 || top >= other.bottom - 1 || bottom <= other.top + 1
      if (!isApart && getComputedStyle(shown).position !== 'fixed' && !shown.closest('.sections, .selected, .keys') && !other.shown.closest('.sections, .selected, .keys')) faults.push('"' + name + '" is over "' + other.name + '"')
    }
    boxes.push({ shown, left, top, right, bottom, name })
  }
  return [...new Set(faults)]
})()`

/** Everything that can be pressed on a phone, on each page and in each sheet, is large enough for a glove. */
export async function targets (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  await alarmRaised(call)
  await readySheets(call)
  const faults: string[] = []
  for (const path of Object.keys(await allPages(call))) {
    if (path.startsWith('/wall')) continue
    const { page, settled, close } = await openPage(browser, service, path, phone)
    await settled()
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    faults.push(...(await page.evaluate<string[]>(missed)).map((fault) => `${path}: ${fault}`))
    await close()
  }
  for (const { path, opens } of sheets) {
    const { page, settled, close } = await openPage(browser, service, path, phone)
    await settled()
    await page.getByRole('button', { name: opens, exact: true }).tap()
    await page.getByRole('dialog').waitFor()
    faults.push(...(await page.evaluate<string[]>(missed)).map((fault) => `the sheet of ${opens}: ${fault}`))
    await close()
  }
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

/** What somebody chose and what can be done about it are in sight together: a slot and its keys, what was picked up, what was scanned, findings. */
export async function inSightTogether (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/?sel=Hotel2:18', phone)
  const slot = "document.activeElement?.dataset.slot === '18'"
  await until(page, slot)
  await page.getByRole('button', { name: 'Take off' }).waitFor()
  for (const name of ['Fix', 'Move', 'Lid on', 'Label', 'Take off']) await inSight(page, `[...document.querySelectorAll('.selected button')].find((one) => one.textContent === '${name}')`)
  await inSight(page, 'document.activeElement')
  // The slots above and below, too, with the keys of a keyboard.
  await page.keyboard.press('Home')
  await inSight(page, 'document.activeElement')
  await page.getByRole('button', { name: 'Pick up plates' }).tap()
  await page.getByRole('gridcell', { name: 'Slot 18, SCREEN_014' }).tap()
  await page.evaluate('scrollTo(0, document.body.scrollHeight)')
  await inSight(page, "[...document.querySelectorAll('.carry button')].find((one) => one.textContent === 'Let go')")
  await page.goto(`${service.url}/stocktake/Hotel1`)
  await page.getByLabel(/^Barcode of the plate/).fill('SCREEN_000')
  await page.getByRole('button', { name: 'Next' }).tap()
  await page.getByRole('button', { name: 'Compare' }).tap()
  await page.getByRole('heading', { name: /^Findings/ }).waitFor()
  await inSight(page, "document.querySelector('#findings')")
  await inSight(page, "document.querySelector('.said')")
  await close()
}

/** Half of the window is the keyboard of the phone: the field that is filled in and the key that records are both in sight, and the keys of the page are not in the way. */
export async function aboveTheKeyboard (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/labware/SCREEN_014', phone)
  await page.getByRole('button', { name: 'Fix', exact: true }).tap()
  await page.getByRole('button', { name: 'other' }).tap()
  await page.getByLabel('Reason').tap()
  await page.setViewportSize({ width: 390, height: 440 })
  await page.getByLabel('Reason').scrollIntoViewIfNeeded()
  await page.getByLabel('Reason').focus()
  await inSight(page, 'document.activeElement')
  await inSight(page, "document.querySelector('dialog .is-main')")
  await page.getByRole('button', { name: 'Cancel' }).tap()
  if (await page.evaluate<string>("getComputedStyle(document.querySelector('.sections')).position") === 'fixed') throw new Error('the keys of the page take room beside the keyboard')
  await close()
}

/** Nothing is over the middle of it, and it is within the window. */
async function inSight (page: Page, element: string): Promise<void> {
  await until(page, `(() => {
    const one = ${element}
    if (!one) return false
    const { left, top, right, bottom } = one.getBoundingClientRect()
    const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
    return top >= 0 && bottom <= innerHeight && (one.contains(over) || over?.contains(one) === true)
  })()`, 8000)
}
