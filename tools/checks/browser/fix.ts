import type { Browser, Locator, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { type Call, callerOf, live, openLive, openPage, scan, until } from './page.ts'

/** A plate is where nobody recorded it: a person says so with a reason, and undoes it. */
export async function correction (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, close } = await openPage(browser, service, '/labware/SCREEN_003')
  await open(page)
  const sheet = page.getByRole('dialog', { name: 'Say what is really there' })
  await sheet.getByText('tracked: Hotel1 · 9').waitFor()
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.getByRole('alert').getByText('Choose why.').waitFor()
  await sheet.getByRole('radio', { name: 'here', exact: true }).check()
  await sheet.getByLabel('Device').selectOption('Hotel2')
  await sheet.getByLabel('Slot').selectOption('0')
  await sheet.getByRole('button', { name: 'moved by hand' }).click()
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.waitFor({ state: 'hidden' })
  await isAt(call, 'SCREEN_003', 'Hotel2', 0)
  const { items } = await call('GET', '/api/events?container=SCREEN_003&sort=-revision&limit=1') as { items: { kind: string, reason: string }[] }
  if (items[0]?.kind !== 'corrected' || items[0].reason !== 'moved by hand') throw new Error(`the log says ${JSON.stringify(items[0])}`)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText(/recorded at/).waitFor({ state: 'hidden' })
  await isAt(call, 'SCREEN_003', 'Hotel1', 9)
  await close()
}

/** The whole correction without a mouse. */
export async function byKeyboard (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/labware/SCREEN_003')
  await tabTo(page, 'Fix')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('tracked:').waitFor()
  await tabTo(page, 'where tracked')
  await page.keyboard.press('ArrowDown')
  await tabTo(page, 'Device')
  // as a person types, not as a scanner
  await page.keyboard.type('Hotel2', { delay: 60 })
  await tabTo(page, 'Slot')
  await page.keyboard.type('12', { delay: 60 })
  await tabTo(page, 'after a stop')
  await page.keyboard.press('Space')
  await tabTo(page, 'Record')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await isAt(callerOf(service), 'SCREEN_003', 'Hotel2', 12)
  await tabTo(page, 'Undo')
  await page.keyboard.press('Enter')
  await page.getByText(/recorded at/).waitFor({ state: 'hidden' })
  await isAt(callerOf(service), 'SCREEN_003', 'Hotel1', 9)
  await close()
}

/** Another plate is tracked in the slot: the page says so, and the person says where that one is. */
export async function displacement (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, close } = await openPage(browser, service, '/labware/SCREEN_003')
  await open(page)
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('radio', { name: 'here', exact: true }).check()
  await sheet.getByLabel('Device').selectOption('Hotel1')
  await sheet.getByLabel('Slot').selectOption('0')
  const other = sheet.getByRole('group', { name: 'Hotel1 · 0 holds SCREEN_000' })
  await other.getByRole('radio', { name: 'put it to' }).check()
  await other.getByLabel('Device of the other').selectOption('Hotel2')
  await other.getByLabel('Slot of the other').selectOption('1')
  await sheet.getByRole('button', { name: 'wrong scan' }).click()
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.waitFor({ state: 'hidden' })
  await isAt(call, 'SCREEN_003', 'Hotel1', 0)
  await isAt(call, 'SCREEN_000', 'Hotel2', 1)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText(/recorded at/).waitFor({ state: 'hidden' })
  await isAt(call, 'SCREEN_003', 'Hotel1', 9)
  await isAt(call, 'SCREEN_000', 'Hotel1', 0)
  await close()
}

/** Somebody else was faster: the sheet shows the refusal in the words of the service, and what is there now. Nothing was changed. */
export async function refusal (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, close } = await openPage(browser, service, '/labware/SCREEN_003', { expected: /status of 4(09|12)/ })
  await open(page)
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('radio', { name: 'here', exact: true }).check()
  await sheet.getByLabel('Device').selectOption('Hotel2')
  await sheet.getByLabel('Slot').selectOption('2')
  await sheet.getByRole('button', { name: 'dropped' }).click()
  // The page must not know of it before it sends its request.
  await page.route('**/correct', async (route) => {
    await call('POST', '/api/containers', { device: 'Hotel2', position: 2, barcode: 'FASTER' })
    await route.continue()
  }, { times: 1 })
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.getByRole('alert').getByText('FASTER').waitFor()
  await sheet.getByText('Hotel2 · 2 holds').waitFor()
  await isAt(call, 'SCREEN_003', 'Hotel1', 9)
  await sheet.getByRole('button', { name: 'Cancel' }).click()
  await call('DELETE', '/api/containers/FASTER')
  await close()
}

/** What somebody did with a plate by hand: moved it, took its lid off, put it on, labelled it, took it off. Each can be undone. */
export async function byHand (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const before = await call('GET', '/api/containers/SCREEN_002')
  const path = `/api/containers/${String(before.id)}`
  const { page, close } = await openLive(browser, service, `/labware/${String(before.id)}`)
  const act = async (action: string, fill: (sheet: Locator) => Promise<void>, expected: object): Promise<void> => {
    await page.getByRole('button', { name: action, exact: true }).click()
    const sheet = page.getByRole('dialog')
    await fill(sheet)
    await sheet.getByRole('button', { name: 'Record' }).click()
    await sheet.waitFor({ state: 'hidden' })
    const after = await call('GET', path)
    for (const [member, value] of Object.entries(expected)) {
      if (JSON.stringify(after[member]) !== JSON.stringify(value)) throw new Error(`after ${action}, ${member} is ${JSON.stringify(after[member])}`)
    }
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText(/ recorded/).waitFor({ state: 'hidden' })
    const undone = await call('GET', path)
    for (const member of ['device', 'position', 'lidded', 'lid', 'barcode', 'removed_at']) {
      if (JSON.stringify(undone[member]) !== JSON.stringify(before[member])) throw new Error(`after ${action} was undone, ${member} is ${JSON.stringify(undone[member])}`)
    }
  }
  const place = async (sheet: Locator): Promise<void> => {
    await sheet.getByLabel('Device').selectOption('Hotel2')
    await sheet.getByLabel('Slot').selectOption('13')
  }
  await act('Move', place, { device: 'Hotel2', position: 13 })
  await act('Lid off', place, { lidded: false, lid: { device: 'Hotel2', position: 13 } })
  await act('Label', async (sheet) => { await sheet.getByLabel('Barcode').fill('OTHER_1') }, { barcode: 'OTHER_1' })
  await act('Take off', async (sheet) => { await sheet.getByLabel('Why it leaves').fill('broken') }, { device: null })
  await close()
}

/** The page keeps to the plate, not to its barcode: when somebody else gives it another one, and when the news of its own write comes before the answer. */
export async function renamed (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, settled, close } = await openLive(browser, service, '/labware/SCREEN_003')
  const title = (name: string): Locator => page.getByRole('heading', { level: 1, name, exact: true })
  await title('SCREEN_003').waitFor()
  await settled()
  const { id: third } = await call('GET', '/api/containers/SCREEN_003')
  // Meanwhile somebody types, and then fills in a sheet.
  const find = page.getByRole('searchbox')
  await find.focus()
  await call('PATCH', '/api/containers/SCREEN_003', { barcode: 'BY_SOMEBODY' })
  await title('BY_SOMEBODY').waitFor()
  await until(page, `location.pathname === '/labware/${String(third)}'`)
  await settled()
  if (!await page.evaluate<boolean>("document.activeElement.type === 'search'")) throw new Error('another barcode takes the focus from who types')
  await page.goto(`${service.url}/labware/BY_SOMEBODY`)
  await open(page)
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('button', { name: 'wrong scan', pressed: false }).click()
  await call('PATCH', '/api/containers/BY_SOMEBODY', { barcode: 'BY_OTHERS' })
  await sheet.getByText('BY_OTHERS').waitFor()
  await until(page, `location.pathname === '/labware/${String(third)}'`)
  await sheet.getByRole('button', { name: 'wrong scan', pressed: true }).waitFor()
  await sheet.getByRole('button', { name: 'Cancel' }).click()
  // Another plate gets the barcode of before, and somebody scans it.
  await call('PATCH', '/api/containers/SCREEN_014', { barcode: 'SCREEN_003' })
  await settled()
  await title('BY_OTHERS').waitFor()
  const { id: other } = await call('GET', '/api/containers/SCREEN_003')
  await scan(page, 'SCREEN_003')
  await title('SCREEN_003').waitFor()
  await settled()
  await call('PATCH', '/api/containers/SCREEN_003', { barcode: 'SCREEN_014' })
  await title('SCREEN_014').waitFor()
  await until(page, `location.pathname === '/labware/${String(other)}'`)

  await page.goto(`${service.url}/labware/BY_OTHERS`)
  await title('BY_OTHERS').waitFor()
  await page.route('**/api/containers/*', async (route) => {
    if (route.request().method() !== 'PATCH') return await route.fallback()
    const response = await route.fetch()
    await page.waitForTimeout(1500)
    await route.fulfill({ response })
  })
  await page.getByRole('button', { name: 'Label', exact: true }).click()
  await sheet.getByLabel('Barcode').fill('BY_ITSELF')
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.waitFor({ state: 'hidden' })
  await title('BY_ITSELF').waitFor()
  await until(page, `location.pathname === '/labware/${String(third)}'`)
  await settled()
  // Without its barcode on the platform, the address would lead nowhere.
  await page.goto(`${service.url}/labware/BY_ITSELF`)
  await title('BY_ITSELF').waitFor()
  await settled()
  await call('DELETE', `/api/containers/${String(third)}?reason=broken`)
  await page.getByText('off the platform since').waitFor()
  await until(page, `location.pathname === '/labware/${String(third)}'`)
  await settled()
  await close()
}

async function open (page: Page): Promise<void> {
  await live(page)
  await page.getByRole('button', { name: 'Fix', exact: true }).click()
}

async function isAt (call: Call, barcode: string, device: string, position: number): Promise<void> {
  const found = await call('GET', `/api/containers/${barcode}`)
  if (found.device !== device || found.position !== position) throw new Error(`${barcode} is at ${JSON.stringify([found.device, found.position])}`)
}

/** Presses Tab until the control with this name has the focus. */
async function tabTo (page: Page, name: string): Promise<void> {
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate<string>('(document.activeElement.labels?.[0]?.firstChild?.textContent || document.activeElement.labels?.[0]?.textContent || document.activeElement.textContent).trim()')
    if (focused === name || focused.startsWith(`${name}choose`)) return
  }
  throw new Error(`Tab does not lead to ${name}`)
}
