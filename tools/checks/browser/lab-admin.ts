import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { projectRoot } from '../../../src/project-root.ts'
import type { RunningService } from '../../support/service.ts'
import { alarmRaised } from './lab.ts'
import { callerOf, live, openLive, openPage } from './page.ts'

/** A device is added, gets slots, and is retired; a labware type is added and deleted. */
export async function devicesAndTypes (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/lab/devices', { viewport: { width: 820, height: 1180 } })
  const sheet = page.getByRole('dialog')
  // On a tablet the keys of a row are beside each other, and no word of them is broken.
  const keys = await Promise.all(['Change Bin', 'Retire Bin', 'Add a device'].map(async (name) => (await page.getByRole('button', { name }).boundingBox())!))
  if (keys[0]!.y !== keys[1]!.y || keys.some(({ height }) => height !== keys[2]!.height)) throw new Error(`the keys of a device are ${JSON.stringify(keys)}`)
  await page.getByRole('button', { name: 'Add a device' }).click()
  await sheet.getByLabel('Name').fill('Shelf 2')
  await sheet.getByRole('button', { name: 'Add', exact: true }).click()
  await sheet.getByRole('alert').getByText('Say how many slots it has.').waitFor()
  await sheet.getByLabel('Slots').fill('4')
  await sheet.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByRole('button', { name: 'Change Shelf 2' }).click()
  await sheet.getByLabel('Slots').fill('6')
  await sheet.getByRole('button', { name: 'Record' }).click()
  await page.getByRole('row', { name: /Shelf 2/ }).getByText('6').waitFor()
  // The news of a new name may come long before the answer: until then the page asks for nothing by the name of before.
  await page.route('**/api/devices/*', async (route) => {
    if (route.request().method() !== 'PATCH') return await route.fallback()
    const response = await route.fetch()
    await page.waitForTimeout(1500)
    await route.fulfill({ response })
  })
  await page.getByRole('button', { name: 'Change Shelf 2' }).click()
  await sheet.getByLabel('Name').fill('Shelf 3')
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Retire Shelf 3' }).click()
  await sheet.getByRole('button', { name: 'Retire' }).click()
  await page.getByRole('row', { name: /Shelf 3/ }).waitFor({ state: 'hidden' })
  await page.getByRole('link', { name: 'Labware types' }).click()
  await page.getByRole('button', { name: 'Add a type' }).click()
  await sheet.getByLabel('Name').fill('Corning 384')
  await sheet.getByLabel('Wells').fill('384')
  await sheet.getByRole('button', { name: 'Record' }).click()
  await page.getByRole('row', { name: /Corning 384/ }).waitFor()
  await page.getByRole('button', { name: 'Delete Corning 384' }).click()
  await sheet.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('row', { name: /Corning 384/ }).waitFor({ state: 'hidden' })
  await close()
}

/** What may stand in a slot is changed from its page, which an empty slot on the map leads to. */
export async function slotProperties (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/')
  await page.getByRole('gridcell', { name: 'Slot 7, empty' }).first().click()
  await page.getByRole('heading', { level: 1, name: 'Hotel1 · 7' }).waitFor()
  await page.getByRole('button', { name: 'Change' }).click()
  const sheet = page.getByRole('dialog', { name: 'Change Hotel1 · 7' })
  await sheet.getByLabel('Highest plate in mm').fill('high')
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.getByRole('alert').getByText('The height is a number.').waitFor()
  await sheet.getByLabel('Highest plate in mm').fill('14.5')
  await sheet.getByRole('checkbox', { name: 'deep-well plates fit' }).check()
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.waitFor({ state: 'hidden' })
  await page.getByText('14.5 mm').waitFor()
  const slot = await callerOf(service)('GET', '/api/devices/Hotel1/positions/7')
  if (slot.max_height_mm !== 14.5 || slot.deep_well_suited !== true || slot.labware_types !== null) throw new Error(`the slot is ${JSON.stringify(slot)}`)
  await close()
}

/** The lab file shows what it would change before it changes anything, and what is wrong with it. */
export async function labFile (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, close } = await openLive(browser, service, '/lab/file', { expected: /status of 4/ })
  const field = page.getByLabel('The lab file, as YAML')
  const present = await field.inputValue()
  await field.fill('sila_servers: [')
  await page.getByRole('button', { name: 'Try' }).click()
  await page.getByRole('alert').getByText(/YAML/).waitFor()
  await field.fill(present.replace('capacity: 20', 'capacity: 24'))
  await page.getByRole('button', { name: 'Try' }).click()
  await page.getByRole('heading', { name: 'It changes 1 thing' }).waitFor()
  await page.getByRole('row', { name: /Hotel1 grow 20 → 24/ }).waitFor()
  if ((await call('GET', '/api/devices/Hotel1')).capacity !== 20) throw new Error('trying the file changed the lab')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('heading', { name: 'It changes 1 thing' }).waitFor({ state: 'hidden' })
  if ((await call('GET', '/api/devices/Hotel1')).capacity !== 24) throw new Error('applying the file changed nothing')
  await close()
}

/** A webhook whose receiver fails: the page shows the attempts, and delivers again. */
export async function webhooks (browser: Browser, service: RunningService): Promise<void> {
  let received = 0
  const receiver = createServer((request, response) => {
    received++
    request.resume()
    response.writeHead(received === 1 ? 500 : 200).end('no room')
  })
  await new Promise<void>((resolve) => { receiver.listen(0, '127.0.0.1', resolve) })
  await alarmRaised(callerOf(service))
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
  try {
    const { page, settled, close } = await openLive(browser, service, '/lab/webhooks')
    const sheet = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Add a webhook' }).click()
    await sheet.getByLabel('Address').fill(url)
    await sheet.getByText('Tells everything: choose').click()
    await sheet.getByRole('checkbox', { name: 'moved', exact: true }).check()
    await sheet.getByLabel('Only of the device').selectOption('Hotel2')
    await sheet.getByRole('button', { name: 'Add', exact: true }).click()
    await sheet.getByText(/^whsec_/).waitFor()
    await sheet.getByRole('button', { name: 'I have it' }).click()
    await page.getByRole('row', { name: /hook/ }).getByText('moved of Hotel2').waitFor()
    await page.getByRole('button', { name: url }).click()
    await page.getByRole('heading', { level: 2, name: url }).waitFor()
    await callerOf(service)('POST', '/api/containers/SCREEN_003/move', { target_device: 'Hotel2', target_pos: 11 })
    await readAgainUntil(page, page.getByRole('row', { name: /attempt 1/ }).getByText('500'))
    await page.getByRole('button', { name: 'Deliver again' }).click()
    await sheet.getByRole('button', { name: 'Deliver' }).click()
    await sheet.waitFor({ state: 'hidden' })
    await readAgainUntil(page, page.getByText(/yes, in \d+ ms/))
    await page.getByRole('button', { name: 'Switch off' }).click()
    await sheet.getByRole('button', { name: 'Switch off' }).click()
    await page.getByText('off: somebody switched it off').waitFor()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await sheet.getByRole('button', { name: 'Delete' }).click()
    await sheet.waitFor({ state: 'hidden' })
    await page.getByRole('heading', { level: 2, name: url }).waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: url }).waitFor({ state: 'hidden' })
    await settled()
    await close()
  } finally {
    receiver.closeAllConnections()
    receiver.close()
  }
}

/** The page reads the attempts again only when somebody wants it. */
async function readAgainUntil (page: Page, wanted: Locator): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until && await wanted.count() === 0;) {
    await page.getByRole('button', { name: 'Read again' }).click()
    await page.waitForTimeout(250)
  }
  await wanted.first().waitFor()
}

/** What does not add up comes with its way out. The age of the newest backup is known. */
export async function health (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/lab/health')
  await page.getByText('none is known.').waitFor()
  execFileSync(process.execPath, ['dist/src/cli/main.js', 'backup', join(service.dataDir, '..', 'lab.backup.gz')], { cwd: projectRoot, env: { ...process.env, DATA_DIR: service.dataDir } })
  await page.reload()
  await page.getByText(/^(just now|\d+ min ago), of revision \d+: \d+ rows in [\d.]+ [KM]iB, read back\./).waitFor()
  const finding = page.getByRole('listitem').filter({ hasText: 'LOST_1' })
  await finding.getByText('Find it and scan it').waitFor()
  await finding.getByRole('link', { name: 'LOST_1' }).click()
  await page.getByRole('heading', { level: 1, name: 'LOST_1' }).waitFor()
  await close()
}

/** A key is made, shown once as text and QR code, signs in with its scope, and is revoked. */
export async function keys (browser: Browser, service: RunningService, adminKey: string): Promise<void> {
  const { page, close } = await openPage(browser, service, '/lab/keys', { expected: /40[13]/ })
  const signIn = async (key: string): Promise<void> => {
    await page.getByLabel('API key').fill(key)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
  }
  const sheet = page.getByRole('dialog')
  await page.getByRole('link', { name: 'sign in' }).click()
  await signIn(adminKey)
  await live(page)
  await page.getByRole('button', { name: 'Make a key' }).click()
  await sheet.getByLabel('Name of the person or program').fill('night shift')
  await sheet.getByRole('radio', { name: /^read/ }).check()
  await sheet.getByRole('button', { name: 'Make' }).click()
  await sheet.getByRole('img', { name: 'The key of night shift as QR code, for a badge' }).waitFor()
  const key = (await sheet.locator('.secret').textContent())!
  await sheet.getByRole('button', { name: 'I have it' }).click()
  await page.getByRole('row', { name: /night shift read/ }).waitFor()
  await page.context().clearCookies()
  await page.goto(`${service.url}/sign-in?to=/lab/keys`)
  await signIn(key)
  await page.getByText('sign in with a key that has the scope admin').waitFor()
  // The sheet opens for whoever has a badge; the key of this screen makes nothing.
  await page.getByRole('button', { name: 'Make a key' }).click()
  await sheet.getByText('This screen may not record this. Scan your badge.').waitFor()
  await sheet.getByLabel('Name of the person or program').fill('nobody')
  await sheet.getByRole('radio', { name: /^read/ }).check()
  await sheet.getByRole('button', { name: 'Make' }).click()
  await sheet.getByRole('alert').getByText('Scan your badge.').waitFor()
  await page.context().clearCookies()
  await page.goto(`${service.url}/sign-in?to=/lab/keys`)
  await signIn(adminKey)
  await page.getByRole('button', { name: 'Revoke night shift' }).click()
  await sheet.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('row', { name: /night shift/ }).getByText('revoked').waitFor()
  if ((await fetch(`${service.url}/api/lab`, { headers: { authorization: `Bearer ${key}` } })).status !== 401) throw new Error('a revoked key still reads')
  await close()
}
