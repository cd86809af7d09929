import type { Browser, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { callerOf, isTrue, openContext, openPage, scan } from './page.ts'
import { labelOf, photograph } from './scan.ts'

/** From a bookmark of Platform Status DB to the labware, as somebody does who has a key on a badge; then out again. */
export async function signInAndOut (browser: Browser, service: RunningService, key: string): Promise<void> {
  const context = await openContext(browser)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  // The browser reports each 401 here. Those are what this check expects; everything else, also a report of the policy, is a fault.
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('401')) faults.push(message.text()) })
  await page.goto(`${service.url}/job_logs/present_labware/`)
  await page.getByRole('link', { name: 'sign in' }).click()
  await page.getByLabel('API key').fill('no key')
  await page.keyboard.press('Enter')
  await page.getByRole('status').getByText('key').waitFor()
  await page.getByLabel('API key').fill(` ${key}\n`)
  await page.keyboard.press('Enter')
  await page.getByRole('rowheader', { name: 'P1' }).waitFor()
  isTrue(page.url() === `${service.url}/labware`, `after signing in the browser is at ${page.url()}`)
  const [cookie] = await context.cookies()
  isTrue(cookie?.httpOnly === true && cookie.sameSite === 'Strict', 'scripts and other sites cannot use the cookie')
  await page.goto(`${service.url}/sign-in`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' })
  // With a badge instead, at the scanner, wherever the focus is: a key is never searched for.
  const badge = String((await callerOf(service, key)('POST', '/api/keys', { name: 'ada', scopes: ['operate'] })).key)
  await page.goto(`${service.url}/labware/P1`)
  await page.getByText('Scan your badge').waitFor()
  await scan(page, badge)
  await page.getByRole('link', { name: 'ada (operate)' }).waitFor()
  isTrue(page.url() === `${service.url}/labware/P1`, `after the badge the browser is at ${page.url()}`)
  await scan(page, badge)
  await page.getByText('Signed in as ada.').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' })
  await page.getByRole('heading', { name: 'Sign in' }).click()
  await scan(page, badge)
  await page.getByRole('link', { name: 'ada (operate)' }).waitFor()
  await page.goto(`${service.url}/sign-in`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' })
  await page.goto(`${service.url}/present`)
  await page.getByRole('heading', { name: 'Sign in to see the labware' }).waitFor()
  if (faults.length > 0) throw new Error(faults.join('\n'))
  await context.close()
}

/** A screen on the wall may only read. Whoever records there signs that one record with a badge, and the log names that person; afterwards the screen may only read again. */
export async function steppedUp (browser: Browser, service: RunningService, admin: string): Promise<void> {
  const call = callerOf(service, admin)
  const keyOf = async (name: string, scope: string): Promise<string> => String((await call('POST', '/api/keys', { name, scopes: [scope] })).key)
  const [wall, ada, reader] = [await keyOf('wall', 'read'), await keyOf('ada', 'operate'), await keyOf('rita', 'read')]
  const { page, close } = await signedIn(browser, service, wall)
  await page.goto(`${service.url}/labware/SCREEN_003`)
  await page.getByRole('button', { name: 'Fix', exact: true }).click()
  const sheet = page.getByRole('dialog', { name: 'Say what is really there' })
  await sheet.getByText('This screen may not record this. Scan your badge.').waitFor()
  await scan(page, 'Hotel2 12')
  await sheet.getByRole('button', { name: 'other' }).click()
  await sheet.getByLabel('Reason').fill('it fell')
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.getByRole('alert').getByText('Scan your badge.').waitFor()
  await scan(page, reader)
  await sheet.getByText('Signed by rita, with the badge').waitFor()
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.getByRole('alert').getByText('The badge of rita has not the scope operate.').waitFor()
  // Where the focus is in a text: the key must not become the reason.
  await sheet.getByLabel('Reason').focus()
  await scan(page, ada)
  await sheet.getByText('Signed by ada, with the badge').waitFor()
  if (await sheet.getByLabel('Reason').inputValue() !== 'it fell') throw new Error('the badge was typed into the reason')
  await sheet.getByRole('button', { name: 'Record' }).click()
  await sheet.waitFor({ state: 'hidden' })
  await isSigned('SCREEN_003', 'ada', 'it fell')
  // The screen itself may still not.
  await page.getByRole('button', { name: 'Undo' }).click()
  const undo = page.getByRole('dialog', { name: 'Undo' })
  await undo.getByText('This screen may not record this.').waitFor()
  await undo.getByRole('button', { name: 'Scan badge' }).click()
  await photograph(page, await labelOf('qrcode', admin))
  await undo.getByText('Signed by admin, with the badge').waitFor()
  await undo.getByRole('button', { name: 'Undo' }).click()
  await undo.waitFor({ state: 'hidden' })
  await isSigned('SCREEN_003', 'admin', 'Undone: it fell')
  await page.goto(`${service.url}/`)
  await page.getByRole('button', { name: 'I am on my way' }).click()
  await scan(page, ada)
  await page.getByRole('dialog').getByText('Signed by ada').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Record' }).click()
  await page.getByText('ada is at it since').waitFor()
  // What would be recorded is for whoever may record it. The same signature records it, and stands on the page once.
  await page.goto(`${service.url}/stocktake/Hotel1`)
  await dryRun('Compare', ada, /^Findings: /)
  // Not what somebody else has scanned since.
  await scan(page, 'SCREEN_000')
  await dryRun('Compare', ada, /^Findings: /)
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('Recorded: Hotel1 is as it was seen.').waitFor()
  await isSigned('SCREEN_001', 'ada', 'stocktake')
  await page.getByText('This screen may not do this. Scan your badge.').waitFor()
  await page.goto(`${service.url}/lab/file`)
  await dryRun('Try', admin, 'It changes nothing')
  const file = page.getByLabel('The lab file, as YAML')
  await file.fill((await file.inputValue()).replace('capacity: 100', 'capacity: 101'))
  await dryRun('Try', admin, 'It changes 1 thing')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('heading', { name: 'It changes 1 thing' }).waitFor({ state: 'hidden' })
  const { items: [event] } = await call('GET', '/api/events?sort=-revision&limit=1') as { items: { actor: string, kind: string }[] }
  if (event?.actor !== 'admin' || event.kind !== 'device-grown') throw new Error(`the log says ${JSON.stringify(event)}`)
  await close()

  async function dryRun (key: string, badge: string, answer: string | RegExp): Promise<void> {
    await page.getByText('This screen may not do this. Scan your badge.').waitFor()
    await page.getByRole('button', { name: key }).click()
    await page.getByRole('alert').getByText('Scan your badge.').waitFor()
    await page.getByRole('button', { name: 'Scan badge' }).waitFor()
    await scan(page, badge)
    const signed = page.getByText(/^Signed by .*, with the badge/)
    await signed.waitFor()
    await page.getByRole('button', { name: key }).click()
    await page.getByRole('heading', { name: answer }).waitFor()
    if (await signed.count() !== 1) throw new Error(`after ${key} there are ${await signed.count()} signatures on the page`)
    if (await page.getByRole('alert').count() > 0) throw new Error(`after ${key} the page asks for something else`)
  }

  async function isSigned (container: string, actor: string, reason: string): Promise<void> {
    const { items: [event] } = await call('GET', `/api/events?container=${container}&sort=-revision&limit=1`) as { items: { actor: string, reason: string }[] }
    if (event?.actor !== actor || event.reason !== reason) throw new Error(`the log says ${JSON.stringify(event)}`)
  }
}

/** A page of a browser that is signed in with this key. */
async function signedIn (browser: Browser, service: RunningService, key: string): Promise<{ page: Page, close: () => Promise<void> }> {
  const { page, close } = await openPage(browser, service, '/sign-in', { expected: /status of 40[13]/ })
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: /\(read\)$/ }).waitFor()
  return { page, close }
}

/** A badge signs in by the camera's photo, also the first key of a service, which has no form of its own; a scanner that types does the same. */
export async function badges (browser: Browser, service: RunningService, admin: string): Promise<void> {
  const { page, context, close } = await openPage(browser, service, '/sign-in?to=%2Flabware%2FSCREEN_003', { expected: /status of 401/ })
  await page.getByRole('link', { name: 'Scan a badge with the camera' }).click()
  await page.getByRole('button', { name: 'Scan badge' }).click()
  await photograph(page, await labelOf('qrcode', admin))
  await page.getByRole('heading', { level: 1, name: 'SCREEN_003' }).waitFor()
  await page.getByRole('link', { name: 'admin (admin)' }).waitFor()
  await context.clearCookies()
  await page.goto(`${service.url}/labware/SCREEN_003`)
  await page.getByText('Scan your badge').first().waitFor()
  await scan(page, admin)
  await page.getByRole('link', { name: 'admin (admin)' }).waitFor()
  // Where somebody is signed in, it is no label either, and a long label is no key.
  await scan(page, admin)
  await page.getByText('Signed in as admin.').waitFor()
  await page.goto(`${service.url}/`)
  await page.getByRole('link', { name: 'admin (admin)' }).waitFor()
  await scan(page, 'X'.repeat(200))
  await page.getByRole('heading', { level: 1, name: /^X+$/ }).waitFor()
  await scan(page, 'Y'.repeat(40))
  await page.getByRole('heading', { level: 1, name: /Y{40}/ }).waitFor()
  await close()
}
