import type { Browser, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { alarmRaised, runId } from './lab.ts'
import { type Call, callerOf, openLive, openPage, until } from './page.ts'
import { allPages } from './pages.ts'

/** A whole shift without a mouse: each write, sign in and time travel. After each step the focus is somewhere, can be seen, and nothing is over it. */
export async function withoutMouse (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  await alarmRaised(call)
  const { page, close } = await openLive(browser, service, '/labware/SCREEN_003')

  await tabTo(page, 'Move')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Device')
  // as a person types, not as a scanner
  await page.keyboard.type('Hotel2', { delay: 60 })
  await tabTo(page, 'Slot')
  await page.keyboard.type('12', { delay: 60 })
  await record(page)
  await is(call, 'SCREEN_003', { device: 'Hotel2', position: 12 })
  await focusIsOn(page, 'Move')
  await tabTo(page, 'Undo')
  await page.keyboard.press('Enter')
  await is(call, 'SCREEN_003', { device: 'Hotel1', position: 9 })
  await page.getByText(/ recorded/).waitFor({ state: 'hidden' })
  await focusIsOn(page, 'SCREEN_003')

  await tabTo(page, 'Label')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Barcode')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('RENAMED_3')
  await record(page)
  await is(call, 'RENAMED_3', { barcode: 'RENAMED_3' })
  await page.getByRole('heading', { level: 1, name: 'RENAMED_3' }).waitFor()
  await hasFocus(page)
  await page.keyboard.press('g')
  // slower than a scanner
  await page.waitForTimeout(80)
  await page.keyboard.press('n')
  await page.getByRole('heading', { level: 1, name: 'Now' }).waitFor()
  await focusIsOn(page, 'Now')
  await tabTo(page, /^9 . RENAMED_3|^0 . SCREEN_000/)
  await page.keyboard.press('ArrowDown')
  await hasFocus(page)
  await page.keyboard.press('Home')
  await page.keyboard.press('f')
  await page.getByRole('dialog').getByText('tracked: Hotel1 · 0').waitFor()
  await page.keyboard.press('Escape')
  await focusIsOn(page, /SCREEN_000/)
  // A change that somebody else records leaves the focus where it is.
  await call('POST', '/api/containers/SCREEN_000/move', { target_device: 'Hotel2', target_pos: 11 })
  await page.getByRole('gridcell', { name: 'Slot 11, SCREEN_000' }).waitFor()
  await focusIsOn(page, /^0 ·/)

  await page.goto(`${service.url}/runs/${runId}`)
  for (const key of ['Pause', 'Resume']) {
    await tabTo(page, key)
    await page.keyboard.press('Enter')
    await tabTo(page, 'Why')
    await page.keyboard.type('tips')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await hasFocus(page)
  }

  await page.goto(`${service.url}/stocktake`)
  await tabTo(page, /^Hotel2/)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Stocktake: Hotel2' }).waitFor()
  await focusIsOn(page, 'Stocktake: Hotel2')
  await tabTo(page, /^Barcode of the plate/)
  await page.keyboard.type('SCREEN_014')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Remove')
  await page.keyboard.press('Enter')
  await hasFocus(page)
  await tabTo(page, 'Compare')
  await page.keyboard.press('Enter')
  await focusIsOn(page, /^Findings/)
  await tabTo(page, 'Apply')
  await page.keyboard.press('Enter')
  await page.getByText('Recorded: Hotel2 is as it was seen.').waitFor()
  await hasFocus(page)

  await page.goto(`${service.url}/`)
  await until(page, "document.querySelector('.slot') !== null")
  await page.keyboard.press('t')
  await page.getByText(/^AS OF /).waitFor()
  await tabTo(page, 'One back')
  await page.keyboard.press('Enter')
  await hasFocus(page)
  await tabTo(page, 'One on')
  // To the end of the range, where the key can do nothing more.
  for (let n = 0; n < 3; n++) {
    await page.keyboard.press('Enter')
    await focusIsOn(page, 'One on')
  }
  await page.getByRole('link', { name: 'Back to now' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText(/^AS OF /).waitFor({ state: 'hidden' })
  await hasFocus(page)
  await close()
}

/** Each page stays the same page when something happens: what has the focus is not made anew. */
export async function keptFocus (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  await alarmRaised(call)
  for (const [n, path] of Object.keys(await allPages(call)).entries()) {
    const { page, settled, close } = await openPage(browser, service, path)
    await settled()
    await page.evaluate("document.querySelectorAll('a[href], button, input, select, [tabindex=\"0\"]').forEach((one) => { one.before = one.textContent + '|' + (one.getAttribute('aria-label') ?? '') + '|' + (one.getAttribute('href') ?? '') })")
    const focusable = await page.evaluate<number>("(globalThis.marked = [...document.querySelectorAll('a[href], button, input, select, [tabindex=\"0\"]')]).length")
    await call('POST', '/api/containers/SCREEN_004/move', { target_device: 'Hotel1', target_pos: n % 2 === 0 ? 13 : 12 })
    const { revision } = await call('GET', '/api/lab') as { revision: number }
    await page.waitForTimeout(900)
    await settled()
    const anew = await page.evaluate<string[]>(`(() => {
      const nameOf = (one) => one.textContent + '|' + (one.getAttribute('aria-label') ?? '') + '|' + (one.getAttribute('href') ?? '')
      const now = new Set([...document.querySelectorAll('a[href], button, input, select, [tabindex="0"]')].filter((one) => one.before === undefined).map(nameOf))
      return marked.filter((one) => !one.isConnected && now.has(one.before)).map(nameOf)
    })()`)
    if (anew.length > 0) throw new Error(`${path} at revision ${revision}: ${anew.length} of ${focusable} are made anew: ${anew.slice(0, 5).join(', ')}`)
    await close()
  }
}

/** On paper no heading stands over nothing. */
export async function printedHeadings (browser: Browser, service: RunningService): Promise<void> {
  for (const path of Object.keys(await allPages(callerOf(service)))) {
    const { page, settled, close } = await openPage(browser, service, path)
    await settled()
    await page.emulateMedia({ media: 'print' })
    const empty = await page.evaluate<string[]>(`(() => {
      const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
      const found = []
      let open = null
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.data.trim() === '' || !node.parentElement.checkVisibility({ contentVisibilityAuto: false }) || node.parentElement.closest('.for-readers')) continue
        const heading = node.parentElement.closest('h2, h3')
        if (heading && open && heading !== open && heading.tagName <= open.tagName) found.push(open.textContent)
        open = heading ?? null
      }
      if (open) found.push(open.textContent)
      return found
    })()`)
    if (empty.length > 0) throw new Error(`${path} prints headings over nothing: ${empty.join(', ')}`)
    await close()
  }
}

async function record (page: Page): Promise<void> {
  await tabTo(page, 'Record')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

async function is (call: Call, container: string, expected: Record<string, unknown>): Promise<void> {
  for (const end = Date.now() + 20_000; ; await new Promise((resolve) => { setTimeout(resolve, 100) })) {
    const found = await call('GET', `/api/containers/${container}`)
    if (Object.entries(expected).every(([member, value]) => found[member] === value)) return
    if (Date.now() > end) throw new Error(`${container} is ${JSON.stringify(found)}`)
  }
}

const focusedName = '(document.activeElement.labels?.[0]?.textContent || document.activeElement.textContent).trim()'

/** Whether something has the focus that people can see, with an outline, in the window and under nothing else. */
const isSeen = `(() => {
  const one = document.activeElement
  if (one === null || one === document.body) return false
  const { left, top, right, bottom, width } = one.getBoundingClientRect()
  const { outlineStyle } = getComputedStyle(one)
  const over = document.elementFromPoint(Math.max(0, Math.min(innerWidth - 1, left + Math.min(width, innerWidth) / 2)), (top + bottom) / 2)
  return outlineStyle !== 'none' && top >= -1 && bottom <= innerHeight + 1 && (one.contains(over) || over?.contains(one) === true)
})()`

async function hasFocus (page: Page): Promise<void> {
  try {
    await until(page, isSeen, 10_000)
  } catch (error) {
    throw new Error(`nobody sees the focus: ${await page.evaluate<string>("document.activeElement.outerHTML.slice(0, 200) + ' ' + getComputedStyle(document.activeElement).outlineStyle + ' ' + JSON.stringify(document.activeElement.getBoundingClientRect()) + ' ' + innerHeight")}`, { cause: error })
  }
}

async function focusIsOn (page: Page, name: string | RegExp): Promise<void> {
  await hasFocus(page)
  for (const end = Date.now() + 10_000; ; await page.waitForTimeout(50)) {
    const focused = await page.evaluate<string>(focusedName)
    if (typeof name === 'string' ? focused === name : name.test(focused)) return
    if (Date.now() > end) throw new Error(`the focus is on ${focused.slice(0, 80)} and not on ${String(name)}`)
  }
}

/** Presses Tab until the control with this name has the focus. Each on the way can be seen. */
async function tabTo (page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = []
  for (let n = 0; n < 80; n++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate<string>(focusedName)
    if (focused !== '' && await page.evaluate<boolean>("document.activeElement !== document.body && document.activeElement.tagName !== 'DIALOG'")) await hasFocus(page)
    if (typeof name === 'string' ? focused === name || focused.startsWith(`${name}choose`) : name.test(focused)) return
    passed.push(focused.slice(0, 20))
  }
  throw new Error(`Tab does not lead to ${String(name)}, but to ${passed.join(', ')}`)
}
