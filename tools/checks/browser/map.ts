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

/** Where a device has too many columns for the number of each slot, the number of its row and that of its column say which it is; for gloves the slots are large enough for their own. */
export async function numberedSlots (browser: Browser, service: RunningService): Promise<void> {
  await callerOf(service)('PUT', '/api/lab/config?prune=false', { sila_servers: { storage: { Tower: { capacity: 96, view: { columns: 24 } } } } })
  for (const [width, path] of [[320, '/devices/Tower'], [820, '/'], [1440, '/wall?devices=Tower']] as const) {
    const { page, close } = await openLive(browser, service, path, { viewport: { width, height: 800 } })
    const tower = page.getByRole('grid', { name: 'Tower, 0 of 96 slots' })
    const slot = (await tower.getByRole('gridcell', { name: 'Slot 58, empty' }).boundingBox())!
    const [row, column] = await Promise.all(['48', '+10'].map(async (text) => (await tower.getByText(text, { exact: true }).first().boundingBox())!))
    const isRow = row!.x + row!.width <= slot.x + 1 && row!.y >= slot.y - 1 && row!.y + row!.height <= slot.y + slot.height + 1
    const aside = Math.abs(column!.x + column!.width / 2 - slot.x - slot.width / 2)
    const isColumn = column!.y + column!.height <= slot.y && aside <= Math.max(slot.width, column!.width) / 2
    if (!isRow || !isColumn) throw new Error(`at ${width} slot 58 is not in row 48 and column +10: ${JSON.stringify([slot, row, column])}`)
    const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    if (over > 0) throw new Error(`${path} is ${over} pixels too wide at ${width}`)
    await close()
  }
  const { page, close } = await openLive(browser, service, '/devices/Tower', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
  await page.getByText('58', { exact: true }).waitFor()
  await page.getByText('+10', { exact: true }).waitFor({ state: 'hidden' })
  // Without columns in the lab file, no more in a row than a glove can meet; nothing is beside the window.
  await page.goto(`${service.url}/devices/Inkubationsschrank_mit_sehr_langem_Namen`)
  await page.getByRole('gridcell', { name: 'Slot 99, empty' }).waitFor()
  const inRow = await page.getByRole('row').first().getByRole('gridcell').count()
  if (inRow !== 7) throw new Error(`on a phone there are ${inRow} slots in a row`)
  await close()
}

/** A slot that is waste says so on the map, on the wall and on the page of its device, and is no place for a plate; a frame that cannot say it leads to the lab as a whole. */
export async function wasteSlots (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  await call('PUT', '/api/lab/config?prune=false', { sila_servers: { liquid_handlers: { Hamilton: { capacity: 3, slots: { 1: { disposes: true } } } } } })
  for (const path of ['/', '/wall', '/devices/Hamilton']) {
    const { page, close } = await openLive(browser, service, path)
    const handler = page.getByRole('grid', { name: 'Hamilton, 0 of 2 slots' })
    await handler.getByRole('gridcell', { name: 'Slot 1, waste', exact: true }).getByText('waste', { exact: true }).waitFor()
    await call('PATCH', '/api/devices/Hamilton/positions/2', { disposes: true })
    await page.getByRole('grid', { name: 'Hamilton, 0 of 1 slots' }).getByRole('gridcell', { name: 'Slot 2, waste' }).waitFor()
    await call('PATCH', '/api/devices/Hamilton/positions/2', { disposes: false })
    await handler.getByRole('gridcell', { name: 'Slot 2, empty' }).waitFor()
    await close()
  }
  const { page, close } = await openLive(browser, service, '/labware/SCREEN_003')
  await page.getByRole('button', { name: 'Fix', exact: true }).click()
  await page.getByLabel('here', { exact: true }).click()
  await page.getByRole('combobox', { name: 'Device' }).selectOption('Hamilton')
  const choices = await page.getByRole('combobox', { name: 'Slot' }).getByRole('option').allTextContents()
  if (choices.join() !== 'choose,0,2') throw new Error(`a plate can be put to ${choices.join()}`)
  await page.goto(`${service.url}/stocktake/Hamilton`)
  for (const slot of [0, 2]) {
    await page.getByLabel(`Barcode of the plate in slot ${slot}`).waitFor()
    await page.getByRole('button', { name: 'Empty' }).click()
  }
  await page.getByText('0 of 2 slots were scanned.').waitFor()
  await page.goto(`${service.url}/?sel=Hamilton:1`)
  await page.getByRole('region', { name: 'Selected: Hamilton · 1' }).getByText('What is put there leaves the platform.').waitFor()
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
