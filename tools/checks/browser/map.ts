import type { Browser, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { callerOf, openLive, scan } from './page.ts'

/** A plate is picked up and put down by taps, by keys and with a mouse. Each ends in the sheet with the slot chosen; only Record records. */
export async function pickedUp (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, close } = await openLive(browser, service, '/')
  const slot = (name: string) => page.getByRole('grid', { name: /^Hotel1/ }).getByRole('gridcell', { name, exact: true })

  await page.getByRole('button', { name: 'Pick up plates' }).click()
  await page.getByText('Choose the plate that stands elsewhere.').waitFor()
  await slot('Slot 9, SCREEN_003, no lid').click()
  await page.getByText('Picked up SCREEN_003. Choose the slot where it stands.').waitFor()
  await slot('Slot 10, empty').click()
  await record(page, 'moved by hand')
  await slot('Slot 10, SCREEN_003, no lid').waitFor()

  await slot('Slot 10, SCREEN_003, no lid').focus()
  await page.keyboard.press('m')
  await page.getByText('Picked up SCREEN_003.').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('Picked up SCREEN_003.').waitFor({ state: 'hidden' })
  await page.keyboard.press('m')
  await page.getByText('Picked up SCREEN_003.').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await record(page, 'moved by hand')
  await slot('Slot 11, SCREEN_003, no lid').waitFor()

  await slot('Slot 11, SCREEN_003, no lid').dragTo(slot('Slot 9, empty'))
  await page.getByRole('dialog').getByText('tracked: Hotel1 · 11').waitFor()
  if ((await call('GET', '/api/containers/SCREEN_003')).position !== 11) throw new Error('dragging records without being asked')
  await record(page, 'wrong scan')
  await slot('Slot 9, SCREEN_003, no lid').waitFor()

  await slot('Slot 9, SCREEN_003, no lid').focus()
  await page.keyboard.press('f')
  await page.getByRole('dialog').getByText('tracked: Hotel1 · 9').waitFor()
  await page.keyboard.press('Escape')
  // A scan that begins with such a letter is a scan.
  await slot('Slot 9, SCREEN_003, no lid').focus()
  await scan(page, 'farnowhere')
  await page.getByRole('heading', { level: 1, name: /farnowhere/ }).waitFor()
  await close()
}

async function record (page: Page, reason: string): Promise<void> {
  const sheet = page.getByRole('dialog', { name: 'Say what is really there' })
  await sheet.getByRole('button', { name: reason }).click()
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.waitFor({ state: 'hidden' })
}

/** The lab file says how a device is built: its columns, slot 0 at the bottom, its own numbers, its place on the map. */
export async function builtSo (browser: Browser, service: RunningService): Promise<void> {
  await callerOf(service)('PUT', '/api/lab/config?prune=false', { sila_servers: { storage: { Tower: { capacity: 6, view: { columns: 3, from: 'bottom', count_from: 1, order: 1 } } } } })
  const { page, close } = await openLive(browser, service, '/')
  const tower = page.getByRole('grid').first()
  if (!(await tower.getAttribute('aria-label'))!.startsWith('Tower')) throw new Error('the order of the view is not that of the map')
  const names = await tower.getByRole('gridcell').evaluateAll((cells) => cells.map((cell) => (cell as unknown as { ariaLabel: string }).ariaLabel))
  const expected = [3, 4, 5, 0, 1, 2].map((n) => `Slot ${n}, labelled ${n + 1}, empty`)
  if (names.join() !== expected.join()) throw new Error(`the slots are ${names.join('; ')}`)
  await tower.getByRole('gridcell', { name: 'Slot 0, ' }).focus()
  await page.keyboard.press('ArrowUp')
  const focused = await page.evaluate<string>('document.activeElement.dataset.slot')
  if (focused !== '3') throw new Error(`above slot 0 is ${focused}`)
  await close()
}

/** Where a plate was, where its lid was and what was done with it, as lanes with a sentence and a table. */
export async function life (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/labware/SCREEN_014')
  const chart = page.getByRole('figure', { name: /^Longest at Hotel2 · 18: .+ 1 step\.$/ })
  await chart.getByText('show as table').click()
  await chart.getByRole('row', { name: /^lid Hotel2 · 19/ }).waitFor()
  await chart.getByRole('row', { name: /^steps Washer · wash/ }).waitFor()
  await close()
}
