import type { Browser } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { lateStepId, runId } from './lab.ts'
import { type Call, callerOf, live, openLive, openPage, scan, until } from './page.ts'

/** The addresses of the pages, with their headings. */
const pages: Readonly<Record<string, RegExp>> = {
  '/': /^Now$/, '/?at=3': /^Now$/, '/?sel=Hotel2:18': /^Now$/, '/wall': /^The lab now$/, '/wall?devices=Hotel1&theme=dark&scale=1.4': /^The lab now$/, '/labware': /^Labware: \d+/,
  '/labware/SCREEN_014': /^SCREEN_014$/, '/labware/LOST_1': /^LOST_1$/, '/devices/Hotel1': /^Hotel1$/, '/devices/Hotel1/0': /^Hotel1 · 0$/, '/find?q=SCREEN': /^Found for SCREEN: 7$/, '/find': /^Find$/,
  '/runs': /^Runs$/, [`/runs/${runId}`]: /^SCREEN run 41$/, [`/runs/${runId}?by=plate&zoom=4`]: /^SCREEN run 41$/, '/steps': /^Steps$/, [`/steps/${lateStepId}`]: /^Sealer · press$/,
  '/stocktake': /^Stocktake$/, '/stocktake/Hotel1': /^Stocktake: Hotel1$/,
  '/log': /^Log$/, '/log?kind=moved&actor=nobody': /^Log$/,
  '/lab/file': /^Lab file$/, '/lab/labware-types': /^Labware types$/, '/lab/keys': /^Keys$/, '/lab/webhooks': /^Webhooks$/, '/lab/health': /^Health$/,
  '/insights/use': /^Use$/, '/insights/use?range=last+7+days': /^Use$/, '/insights/durations': /^Durations$/, '/insights/promises': /^Promises$/,
  '/sign-in/scan': /^Scan your badge$/, '/help': /^Help$/, '/lab/devices': /^Devices$/
}

/** All of them, also the one whose address is known only when the service has learnt from the steps. */
export async function allPages (call: Call): Promise<Record<string, RegExp>> {
  for (const until = Date.now() + 60_000; Date.now() < until;) {
    const { items } = await call('GET', '/api/estimates/kinds') as { items: { key: string, device: string }[] }
    const wash = items.find(({ device }) => device === 'Washer')
    if (wash !== undefined) return { ...pages, [`/insights/durations/${wash.key}`]: /^Washer · wash$/ }
    await new Promise((resolve) => { setTimeout(resolve, 200) })
  }
  throw new Error('the service has learnt nothing within a minute')
}

/** Each page by its address: it has its heading, loads nothing from elsewhere, and its console is empty. */
export async function eachPage (browser: Browser, service: RunningService): Promise<void> {
  for (const [path, heading] of Object.entries(await allPages(callerOf(service)))) {
    const { page, close } = await openPage(browser, service, path)
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await live(page)
    if (!(await page.title()).endsWith('platform-status')) throw new Error(`the title of ${path} is ${await page.title()}`)
    await close()
  }
}

/** What stands where, in words that a screen reader says; a move that a program records appears, and only there. */
export async function liveMap (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openPage(browser, service, '/')
  const call = callerOf(service)
  const hotel = page.getByRole('grid', { name: /^Hotel1, \d+ of 20 slots$/ })
  await hotel.getByRole('gridcell', { name: 'Slot 3, SCREEN_001, no lid' }).waitFor()
  await page.getByRole('gridcell', { name: 'Slot 18, SCREEN_014, lid at slot 19' }).waitFor()
  await page.getByRole('gridcell', { name: 'Slot 19, lid of SCREEN_014' }).waitFor()
  await page.getByRole('gridcell', { name: /^Slot \d+, kept for orchestrator-1$/ }).waitFor()
  await call('POST', '/api/containers/SCREEN_001/move', { target_device: 'Hotel1', target_pos: 17 })
  await hotel.getByRole('gridcell', { name: 'Slot 17, SCREEN_001, no lid' }).waitFor()
  await hotel.getByRole('gridcell', { name: 'Slot 3, empty' }).waitFor()
  // A device that is added cannot be told by a frame: the lab is read again.
  await call('POST', '/api/devices', { name: 'Shelf', group: 'storage', capacity: 2 })
  await page.getByRole('grid', { name: 'Shelf, 0 of 2 slots' }).waitFor()
  await call('POST', '/api/containers/SCREEN_001/move', { target_device: 'Hotel1', target_pos: 3 })
  await hotel.getByRole('gridcell', { name: 'Slot 3, SCREEN_001, no lid' }).waitFor()
  await close()
}

/** On a phone the filters of a list are one line that says which are on, so the list is in the first screen; and it is sorted without the heads of its columns. */
export async function listsOnPhone (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/log?kind=moved&device=Hotel1', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
  const filters = page.getByText('Filters: moved, Hotel1')
  await filters.waitFor()
  if (await page.getByLabel('What').isVisible()) throw new Error('the filters are not folded')
  await filters.tap()
  await page.getByLabel('What').selectOption('corrected')
  await page.getByText('Filters: corrected, Hotel1').waitFor()
  await page.goto(`${service.url}/labware`)
  await page.getByText('Filters: none').waitFor()
  const [csv, print] = await Promise.all(['CSV', 'Print'].map(async (name) => await page.getByRole('button', { name, exact: true }).boundingBox()))
  if (csv?.y !== print?.y) throw new Error(`CSV and Print are not beside each other: ${csv?.y}, ${print?.y}`)
  const order = "[...document.querySelectorAll('tbody th')].map((one) => one.textContent).filter((text) => text.startsWith('SCREEN')).join()"
  const sorted = 'SCREEN_000,SCREEN_001,SCREEN_002,SCREEN_003,SCREEN_004,SCREEN_014'
  await page.getByLabel('Sort by').selectOption('-barcode')
  await until(page, `${order} === '${sorted.split(',').reverse().join()}'`)
  await page.reload()
  await page.getByLabel('Sort by').selectOption('barcode')
  await until(page, `${order} === '${sorted}'`)
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.getByLabel('Sort by').waitFor({ state: 'hidden' })
  await close()
}

/** Nobody touches the screen on the wall: an alarm says there what hangs and where the plate is, and nothing can be opened. */
export async function wall (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/wall')
  await page.getByRole('article', { name: 'Hangs: Washer' }).getByText('SCREEN_014: Hotel2 · 18').waitFor()
  const controls = await page.locator('main a, main button').allTextContents()
  if (controls.length > 0) throw new Error(`the wall has ${controls.join(', ')}`)
  // Some devices only: their slots are counted, and a name that is wrong is said.
  await page.goto(`${service.url}/wall?devices=Hotel1,Hotel9`)
  await page.getByRole('heading', { name: /^Map \d+\/20 slots/ }).waitFor()
  await page.getByText('The lab has no device Hotel9.').waitFor()
  await close()
}

/** What hangs comes first: which device, which plate, where it stands; and one press says that somebody is coming. */
export async function alarms (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openPage(browser, service, '/', { viewport: { width: 390, height: 844 } })
  const card = page.getByRole('article', { name: 'Hangs: Washer' })
  await card.getByText('SCREEN_014').first().waitFor()
  await until(page, "document.title.startsWith('1 ALARM')")
  await card.getByRole('button', { name: 'I am on my way' }).click()
  await card.getByText(/is at it since/).waitFor()
  await close()
}

/** An address of Now leads to a device or to a slot: unfolded on a phone, with the focus, and with what can be done about what is in it. */
export async function placeOnMap (browser: Browser, service: RunningService): Promise<void> {
  const narrow = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
  const focused = 'document.activeElement.getAttribute("aria-label")'
  const { page, close } = await openLive(browser, service, '/?sel=Hotel2:18', narrow)
  const selected = page.getByRole('region', { name: 'Selected: Hotel2 · 18' })
  await selected.getByText('lid at Hotel2 · 19').waitFor()
  await until(page, `${focused} === 'Slot 18, SCREEN_014, lid at slot 19'`)
  const inView = '(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.activeElement.getBoundingClientRect())'
  await until(page, inView)
  await selected.getByRole('button', { name: 'Fix', exact: true }).click()
  await page.getByRole('dialog').getByText('tracked: Hotel2 · 18').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  // From the alarm to its plate, as often as somebody presses.
  for (let n = 0; n < 2; n++) {
    await page.getByRole('link', { name: 'Where is it' }).click()
    await until(page, `${focused} === 'Slot 18, SCREEN_014, lid at slot 19' && ${inView}`)
  }
  await page.goto(`${service.url}/labware/SCREEN_003`)
  await page.getByRole('link', { name: 'on the map' }).click()
  await page.getByRole('region', { name: 'Selected: Hotel1 · 9' }).waitFor()
  await until(page, `${focused} === 'Slot 9, SCREEN_003, no lid'`)
  await page.goto(`${service.url}/?device=Hotel1`)
  await until(page, `${focused} === 'Slot 0, SCREEN_000, lid on'`)
  await page.goto(`${service.url}/?device=Nowhere`)
  await page.getByText('The lab has no device Nowhere.').waitFor()
  await page.goto(`${service.url}/?sel=Hotel1:20`)
  await page.getByText('The lab has no slot Hotel1 · 20.').waitFor()
  await close()
}

/** A scanner that types leads to the plate from anywhere; so do a place and a part of a barcode in the field. Runs are found, too, and empty slots. */
export async function finding (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/help')
  await scan(page, 'SCREEN_003')
  await page.getByRole('heading', { level: 1, name: 'SCREEN_003' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('Hotel2 18')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'SCREEN_014' }).waitFor()
  await page.getByRole('searchbox', { name: /^Find/ }).fill('nowhere-1')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('Nothing has this barcode, name, place or id').waitFor()
  for (const [text, link] of [['SCREEN run', 'SCREEN run 41'], ['EEN_01', 'SCREEN_014']] as const) {
    await page.getByRole('searchbox', { name: /^Find/ }).fill(text)
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByRole('main').getByRole('link', { name: link }).waitFor()
  }
  await scan(page, 'Hotel1 7')
  await page.getByRole('heading', { level: 1, name: 'Hotel1 · 7' }).waitFor()
  await close()
}

/** The lab as it was: the old place is shown, and nothing can be recorded. */
export async function past (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { revision } = await call('GET', '/api/lab')
  await call('POST', '/api/containers/SCREEN_002/move', { target_device: 'Hotel2', target_pos: 10 })
  const { page, close } = await openPage(browser, service, `/?at=${Number(revision)}`)
  await page.getByText(`AS OF ${Number(revision)} · r${Number(revision)}`).waitFor()
  await page.getByRole('gridcell', { name: 'Slot 6, SCREEN_002, lid on' }).waitFor()
  await page.getByRole('link', { name: 'Back to now' }).click()
  await page.getByRole('gridcell', { name: 'Slot 10, SCREEN_002, lid on' }).waitFor()
  await close()
}
