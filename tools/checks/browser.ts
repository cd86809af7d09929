// Checks in a real browser what pages of other origins can do: nothing without a key, whatever CORS_ORIGINS says, and what CORS_ORIGINS
// allows with one. Signs in and out, and uses the pages of the service as people do (tools/checks/browser/). Needs Debian's Chromium, or CHROMIUM with its path. Skipped where there is no browser and none can be installed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { type Check, runChecks } from '../support/checks.ts'
import { launchChromium } from '../support/chromium.ts'
import { type RunningService, startService } from '../support/service.ts'
import { accessiblePages, accessibleSheets, reflow } from './browser/accessible.ts'
import { lanAddress, lostConnection, overPlainHttp, restartedService } from './browser/connection.ts'
import { byHand, byKeyboard, correction, displacement, refusal, renamed } from './browser/fix.ts'
import { aboveTheKeyboard, inSightTogether, targets } from './browser/gloves.ts'
import { keptFocus, printedHeadings, withoutMouse } from './browser/keyboard.ts'
import { fillLab } from './browser/lab.ts'
import { callerOf, openContext, scan } from './browser/page.ts'
import { builtSo, life, numberedSlots, pickedUp, wasteSlots } from './browser/map.ts'
import { devicesAndTypes, health, keys, labFile, slotProperties, webhooks } from './browser/lab-admin.ts'
import { insights } from './browser/insights.ts'
import { log, timeTravel } from './browser/log.ts'
import { pausedRun, promises, stepOfRun } from './browser/runs.ts'
import { camera, photos } from './browser/scan.ts'
import { showingFailures } from './browser/seen.ts'
import { badges, steppedUp } from './browser/signing.ts'
import { stocktake } from './browser/stocktake.ts'
import { alarms, eachPage, finding, listsOnPhone, liveMap, past, placeOnMap, wall } from './browser/pages.ts'

const key = 'browser-check-'.repeat(4)
const browser = await launchChromium()

if (browser === undefined) {
  console.log('skipped: browser: there is no Chromium here (apt-get install chromium)')
} else {
  const folder = mkdtempSync(join(tmpdir(), 'platform-status-browser-'))
  const keyFile = join(folder, 'key')
  writeFileSync(keyFile, key)
  const elsewhere = createServer((_request, response) => { response.setHeader('content-type', 'text/html').end('<!doctype html><title>Elsewhere</title>') })
  await new Promise<void>((resolve) => { elsewhere.listen(0, resolve) })
  const { port } = elsewhere.address() as AddressInfo
  /** Another site, and another origin of the same site. */
  const pages = [`http://localhost:${port}`, `http://127.0.0.1:${port}`]
  const listed = pages.join(',')
  const withKey = { BOOTSTRAP_ADMIN_KEY_FILE: keyFile }
  try {
    await runChecks(chosen({
      'without keys': withService({}, async (service) => {
        for (const page of pages) await attack(browser, page, service)
        await ownPage(browser, service)
      }),
      'with keys': withService(withKey, async (service) => {
        for (const page of pages) await attack(browser, page, service)
        for (const page of pages) isFalse(await readsWithKey(browser, page, service), `${page} must not be able to send a key`)
      }),
      'signing in and out': withService(withKey, async (service) => { await signInAndOut(browser, service) }),
      ...Object.fromEntries(Object.entries({
        'pages by their addresses': eachPage, 'what happens appears on the map': liveMap, alarms: alarms, 'lists on a phone': listsOnPhone, 'the wall has nothing to press': wall, 'a link to a slot of the map': placeOnMap, 'finding and scanning': finding, 'the lab as it was': past,
        'a correction, and undoing it': correction, 'a correction by keyboard alone': byKeyboard, 'another plate in the slot': displacement, 'a refusal': refusal, 'what was done by hand': byHand, 'another barcode': renamed,
        'targets for gloves on a phone': targets, 'in sight together on a phone': inSightTogether, 'above the keyboard of a phone': aboveTheKeyboard,
        'a shift without a mouse': withoutMouse, 'the focus is kept when something happens': keptFocus, 'headings on paper': printedHeadings,
        'a run against what was promised': promises, 'a run is paused and resumed': pausedRun, 'a step and its estimate': stepOfRun,
        'a stocktake': stocktake,
        'photos of labels': photos, 'labels before the camera': camera,
        'the log': log, 'time travel': timeTravel,
        'devices and labware types': devicesAndTypes, 'the properties of a slot': slotProperties, 'the lab file': labFile, webhooks: webhooks, 'what does not add up': health,
        'insights say what they find': insights,
        'a plate picked up on the map': pickedUp, 'a device as it is built': builtSo, 'the numbers of slots': numberedSlots, 'slots that are waste': wasteSlots, 'the life of a plate': life,
        'a lost connection': lostConnection, 'a service that starts again': restartedService, 'WCAG 2.2 AA': accessiblePages, 'WCAG 2.2 AA of the sheets': accessibleSheets, '320 pixels, and large letters': reflow
      }).map(([name, check]) => [name, withFullLab({}, async (service) => { await check(browser, service) })])),
      'a badge signs one record': withFullLab(withKey, async (service) => { await steppedUp(browser, service, key) }),
      'badges sign in': withFullLab(withKey, async (service) => { await badges(browser, service, key) }),
      'keys of people': withFullLab(withKey, async (service) => { await keys(browser, service, key) }),
      'plain http by the address in the network': async (name) => {
        const host = lanAddress()
        if (host === undefined) return 'this machine has no network'
        return await withFullLab({ ...withKey, HOST: '0.0.0.0' }, async ({ url }) => { await overPlainHttp(browser, `http://${host}:${new URL(url).port}`, key) })(name)
      },
      'present labware at four widths': withService({}, async (service) => { await readableLabware(browser, service) }),
      'with keys and CORS_ORIGINS': withService({ ...withKey, CORS_ORIGINS: pages[0]! }, async (service) => {
        await attack(browser, pages[1]!, service)
        await attack(browser, pages[0]!, service, 401)
        isTrue(await readsWithKey(browser, pages[0]!, service), 'a page that is listed can use a key')
        isFalse(await readsWithKey(browser, pages[1]!, service), 'a page that is not listed cannot')
      }),
      'with keys and CORS_ORIGINS=*': withService({ ...withKey, CORS_ORIGINS: '*' }, async (service) => {
        await attack(browser, pages[0]!, service, 401)
        isTrue(await readsWithKey(browser, pages[0]!, service), 'every page can use a key')
      }),
      'in a frame of a dashboard': withService({ FRAME_ANCESTORS: pages[0]! }, async (service) => {
        isTrue(await showsInFrame(browser, pages[0]!, service), 'a page that is listed shows the wall in a frame')
        isFalse(await showsInFrame(browser, pages[1]!, service), 'a page that is not listed does not')
      }),
      'with AUTH=off': withService({ AUTH: 'off' }, async (service) => {
        for (const page of pages) await attack(browser, page, service)
        await ownPage(browser, service)
      }),
      'with AUTH=off and CORS_ORIGINS': withService({ AUTH: 'off', CORS_ORIGINS: listed }, async (service) => {
        for (const page of pages) isTrue(await readsWithKey(browser, page, service), `${page} is listed`)
      }),
      ...Object.fromEntries(['*', listed].map((origins) => [`CORS_ORIGINS=${origins === '*' ? '*' : 'a list'} without keys is refused at start`, async () => {
        const started = await startService({ CORS_ORIGINS: origins }).then(async (service) => { await service.stop(); return true }, () => false)
        if (started) throw new Error('it starts')
        return undefined
      }]))
    }))
  } finally {
    await browser.close()
    elsewhere.close()
    rmSync(folder, { recursive: true })
  }
}

/** The checks whose names contain one of the words after the command; all of them without words. */
function chosen (checks: Record<string, Check>): Record<string, Check> {
  const words = process.argv.slice(2)
  return words.length === 0 ? checks : Object.fromEntries(Object.entries(checks).filter(([name]) => words.some((word) => name.includes(word))))
}

function withService (env: Record<string, string>, check: (service: RunningService) => Promise<void>, fill = aPlate): Check {
  return async (name) => {
    const service = await startService(env)
    try {
      await fill(service)
      await showingFailures(browser!, name, async () => { await check(service) })
    } finally {
      await service.stop()
    }
    return undefined
  }
}

async function aPlate (service: RunningService): Promise<void> {
  await call(service, 'PUT', '/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 2 } } } })
  await call(service, 'POST', '/api/containers', { device: 'Hotel', barcode: 'P1' })
}

/** With a lab that has something of everything. */
function withFullLab (env: Record<string, string>, check: (service: RunningService) => Promise<void>): Check {
  return withService(env, check, async (service) => { await fillLab(callerOf(service, env.BOOTSTRAP_ADMIN_KEY_FILE === undefined ? undefined : key)) })
}

/** As a program, with the key. */
async function call ({ url }: RunningService, method: string, path: string, body?: object): Promise<{ lidded?: boolean }> {
  const answer = await fetch(url + path, {
    method, headers: { authorization: `Bearer ${key}`, ...body === undefined ? {} : { 'content-type': 'application/json' } }, ...body === undefined ? {} : { body: JSON.stringify(body) }
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
  return await answer.json() as { lidded?: boolean }
}

/** Tries what any page can do without asking the service first. The service itself must refuse each, and nothing may change. */
async function attack (browser: Browser, from: string, service: RunningService, status = 403): Promise<void> {
  const page = await (await openContext(browser)).newPage()
  const statuses: string[] = []
  page.on('response', (response) => { if (response.url().includes('/api/')) statuses.push(`${response.status()} ${response.request().method()} ${new URL(response.url()).pathname}`) })
  await page.goto(from)
  const lid = `${service.url}/api/containers/P1/lid`
  const lab = `${service.url}/api/lab`
  // The browser hides the answers from the page, but not from this check.
  await page.evaluate(async (url) => { await fetch(url, { method: 'POST', mode: 'no-cors' }).catch(() => {}) }, lid)
  await page.evaluate(async (url) => { await fetch(url, { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: '{}' }).catch(() => {}) }, lid)
  const read = await page.evaluate(async (url) => await fetch(url).then(async (answer) => answer.ok ? await answer.text() : null, () => null), lab)
  if (read !== null) throw new Error(`a page of ${from} reads ${lab}`)
  // As text: these scripts use the page's document, which the types of Node do not have.
  await page.evaluate(`new Promise((resolve) => {
    const image = document.createElement('img')
    image.onload = image.onerror = resolve
    image.src = ${JSON.stringify(lab)}
    document.body.append(image)
  })`)
  await submit(page, lid)
  const expected = [`${status} POST /api/containers/P1/lid`, `${status} GET /api/lab`]
  // The browser shows only some of the answers. An image and a form do not say which page they are from, so a page that is listed is refused, too.
  const wrong = statuses.filter((one) => !expected.includes(one) && !one.startsWith('403 '))
  if (wrong.length > 0 || statuses.length === 0) throw new Error(`a page of ${from} got ${statuses.join(', ')}`)
  await page.context().close()
  if ((await call(service, 'GET', '/api/containers/P1')).lidded !== false) throw new Error(`a page of ${from} put the lid on`)
}

async function submit (page: Page, url: string): Promise<void> {
  const answered = page.waitForResponse(url)
  await page.evaluate(`{
    const form = document.createElement('form')
    form.method = 'POST'
    form.action = ${JSON.stringify(url)}
    document.body.append(form)
    form.submit()
  }`)
  await answered
}

/** Whether a page can show the wall in a frame. */
async function showsInFrame (browser: Browser, from: string, { url }: RunningService): Promise<boolean> {
  const page = await (await openContext(browser)).newPage()
  const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors')).then(() => false)
  await page.goto(from)
  await page.evaluate(`{
    const frame = document.createElement('iframe')
    frame.src = ${JSON.stringify(`${url}/wall`)}
    document.body.append(frame)
  }`)
  const shown = page.frameLocator('iframe').getByRole('gridcell', { name: /^Slot \d+, P1/ }).waitFor().then(() => true)
  const isShown = await Promise.race([shown, refused])
  await page.context().close()
  await Promise.allSettled([shown, refused])
  return isShown
}

/** Whether a page can read and change the lab with a key. */
async function readsWithKey (browser: Browser, from: string, service: RunningService): Promise<boolean> {
  const page = await (await openContext(browser)).newPage()
  await page.goto(from)
  const worked = await page.evaluate(async ([url, key]) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const read = await fetch(`${url}/api/lab`, { headers }).then((answer) => answer.ok, () => false)
    const moved = await fetch(`${url}/api/containers/P1/move`, { method: 'POST', headers, body: '{"target_device":"Hotel"}' }).then((answer) => answer.ok, () => false)
    if (read !== moved) throw new Error(`reads: ${read}, moves: ${moved}`)
    return read
  }, [service.url, key] as const)
  await page.context().close()
  return worked
}

/** The page of the service itself, as somebody opens it. */
async function ownPage (browser: Browser, service: RunningService): Promise<void> {
  const page = await (await openContext(browser)).newPage()
  await page.goto(`${service.url}/docs/`)
  const status = await page.evaluate(async () => (await fetch('/api/lab')).status)
  if (status !== 200) throw new Error(`the page of the service gets ${status}`)
  await page.goto(`${service.url}/api/lab`)
  if (!(await page.content()).includes('revision')) throw new Error('a typed address does not show the lab')
  await page.context().close()
}

/** From a bookmark of Platform Status DB to the labware, as somebody does who has a key on a badge; then out again. */
async function signInAndOut (browser: Browser, service: RunningService): Promise<void> {
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

/** One plate has the longest barcode and a hotel a long name. Nothing scrolls sideways, and the rows of other plates stay as low as they are. */
async function readableLabware (browser: Browser, service: RunningService): Promise<void> {
  const hotel = 'Inkubationsschrank_mit_sehr_langem_Namen'
  await call(service, 'PUT', '/api/lab/config?prune=false', { sila_servers: { devices: { [hotel]: { capacity: 2 } } } })
  await call(service, 'POST', '/api/containers', { device: hotel, barcode: 'X'.repeat(200), labware_type: 'Greiner 96' })
  for (const width of [320, 390, 820, 1440]) {
    const page = await (await openContext(browser, { viewport: { width, height: 900 } })).newPage()
    for (const path of ['/present', '/sign-in', '/']) {
      await page.goto(service.url + path)
      isFalse(await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'), `${path} scrolls sideways at ${width} pixels`)
    }
    await page.goto(`${service.url}/present?reload=off`)
    const box = await page.getByRole('rowheader', { name: 'P1' }).boundingBox()
    isTrue(box !== null && box.height < 80, `the row of a plate is ${box?.height} pixels high at ${width}`)
    await page.context().close()
  }
}

function isTrue (value: boolean, what: string): void {
  if (!value) throw new Error(what)
}

function isFalse (value: boolean, what: string): void {
  if (value) throw new Error(what)
}
