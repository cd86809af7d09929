// Checks in a real browser what pages of other origins can do: nothing without a key, whatever CORS_ORIGINS says, and what CORS_ORIGINS
// allows with one. Signs in and out, and uses the pages of the service as people do (tools/checks/browser/). Needs Debian's Chromium, or CHROMIUM with its path. Skipped where there is no browser and none can be installed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { type Check, runChecks } from '../support/checks.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { type RunningService, startService } from '../support/service.ts'
import { accessiblePages, accessibleSheets, reflow } from './browser/accessible.ts'
import { lanAddress, lostConnection, overPlainHttp, restartedService } from './browser/connection.ts'
import { byHand, byKeyboard, correction, displacement, refusal, renamed } from './browser/fix.ts'
import { aboveTheKeyboard, inSightTogether, targets } from './browser/gloves.ts'
import { keptFocus, printedHeadings, withoutMouse } from './browser/keyboard.ts'
import { fillLab } from './browser/lab.ts'
import { attack, ownPage, readsWithKey, showsInFrame } from './browser/origins.ts'
import { callerOf, isFalse, isTrue } from './browser/page.ts'
import { readableLabware } from './browser/readable.ts'
import { builtSo, life, numberedSlots, pickedUp, wasteSlots } from './browser/map.ts'
import { devicesAndTypes, health, keys, labFile, slotProperties, webhooks } from './browser/lab-admin.ts'
import { insights } from './browser/insights.ts'
import { log, timeTravel } from './browser/log.ts'
import { pausedRun, promises, stepOfRun } from './browser/runs.ts'
import { camera, photos } from './browser/scan.ts'
import { showingFailures } from './browser/seen.ts'
import { badges, signInAndOut, steppedUp } from './browser/signing.ts'
import { stocktake } from './browser/stocktake.ts'
import { alarms, eachPage, finding, listsOnPhone, liveMap, past, placeOnMap, wall } from './browser/pages.ts'

const key = 'browser-check-'.repeat(4)
/** More than half of the time of a check is waiting. */
const atOnce = 2

if (findChromium() === undefined) {
  console.log('skipped: browser: there is no Chromium here (apt-get install chromium)')
} else {
  const folder = mkdtempSync(join(tmpdir(), 'platform-status-browser-'))
  const keyFile = join(folder, 'key')
  writeFileSync(keyFile, key)
  const elsewhere = createServer((_request, response) => { response.setHeader('content-type', 'text/html').end('<!doctype html><title>Elsewhere</title>') })
  await new Promise<void>((resolve) => { elsewhere.listen(0, resolve) })
  const { port } = elsewhere.address() as AddressInfo
  try {
    // Another site, and another origin of the same site.
    await runChecks(chosen({ ...ofOnePage(), ...ofAccess([`http://localhost:${port}`, `http://127.0.0.1:${port}`], { BOOTSTRAP_ADMIN_KEY_FILE: keyFile }) }), { atOnce })
  } finally {
    elsewhere.close()
    rmSync(folder, { recursive: true })
  }
}

/** What people do with the pages. Those that take longest come first, so that none of them is alone at the end. */
function ofOnePage (): Record<string, Check> {
  return Object.fromEntries(Object.entries({
    'WCAG 2.2 AA': accessiblePages, 'the focus is kept when something happens': keptFocus, 'targets for gloves on a phone': targets, 'headings on paper': printedHeadings,
    '320 pixels, and large letters': reflow, 'WCAG 2.2 AA of the sheets': accessibleSheets, 'pages by their addresses': eachPage,
    'what happens appears on the map': liveMap, alarms: alarms, 'lists on a phone': listsOnPhone, 'the wall has nothing to press': wall, 'a link to a slot of the map': placeOnMap,
    'finding and scanning': finding, 'the lab as it was': past,
    'a correction, and undoing it': correction, 'a correction by keyboard alone': byKeyboard, 'another plate in the slot': displacement, 'a refusal': refusal,
    'what was done by hand': byHand, 'another barcode': renamed,
    'in sight together on a phone': inSightTogether, 'above the keyboard of a phone': aboveTheKeyboard, 'a shift without a mouse': withoutMouse,
    'a run against what was promised': promises, 'a run is paused and resumed': pausedRun, 'a step and its estimate': stepOfRun,
    'a stocktake': stocktake, 'photos of labels': photos, 'labels before the camera': camera,
    'the log': log, 'time travel': timeTravel,
    'devices and labware types': devicesAndTypes, 'the properties of a slot': slotProperties, 'the lab file': labFile, webhooks: webhooks, 'what does not add up': health,
    'insights say what they find': insights,
    'a plate picked up on the map': pickedUp, 'a device as it is built': builtSo, 'the numbers of slots': numberedSlots, 'slots that are waste': wasteSlots, 'the life of a plate': life,
    'a lost connection': lostConnection, 'a service that starts again': restartedService
  }).map(([name, check]) => [name, withFullLab({}, check)]))
}

/** Who may do what: keys, badges, and pages of others (`pages`, the first of which is of another site). */
function ofAccess (pages: readonly [string, string], withKey: Record<string, string>): Record<string, Check> {
  const [site, origin] = pages
  const listed = pages.join(',')
  return {
    'signing in and out': withService(withKey, async (browser, service) => { await signInAndOut(browser, service, key) }),
    'a badge signs one record': withFullLab(withKey, async (browser, service) => { await steppedUp(browser, service, key) }),
    'badges sign in': withFullLab(withKey, async (browser, service) => { await badges(browser, service, key) }),
    'keys of people': withFullLab(withKey, async (browser, service) => { await keys(browser, service, key) }),
    'plain http by the address in the network': async (name) => {
      const host = lanAddress()
      if (host === undefined) return 'this machine has no network'
      return await withFullLab({ ...withKey, HOST: '0.0.0.0' }, async (browser, { url }) => { await overPlainHttp(browser, `http://${host}:${new URL(url).port}`, key) })(name)
    },
    'present labware at four widths': withService({}, readableLabware),
    'without keys': withService({}, async (browser, service) => {
      for (const page of pages) await attack(browser, page, service)
      await ownPage(browser, service)
    }),
    'with keys': withService(withKey, async (browser, service) => {
      for (const page of pages) await attack(browser, page, service, { key })
      for (const page of pages) isFalse(await readsWithKey(browser, page, service, key), `${page} must not be able to send a key`)
    }),
    'with keys and CORS_ORIGINS': withService({ ...withKey, CORS_ORIGINS: site }, async (browser, service) => {
      await attack(browser, origin, service, { key })
      await attack(browser, site, service, { status: 401, key })
      isTrue(await readsWithKey(browser, site, service, key), 'a page that is listed can use a key')
      isFalse(await readsWithKey(browser, origin, service, key), 'a page that is not listed cannot')
    }),
    'with keys and CORS_ORIGINS=*': withService({ ...withKey, CORS_ORIGINS: '*' }, async (browser, service) => {
      await attack(browser, site, service, { status: 401, key })
      isTrue(await readsWithKey(browser, site, service, key), 'every page can use a key')
    }),
    'in a frame of a dashboard': withService({ FRAME_ANCESTORS: site }, async (browser, service) => {
      isTrue(await showsInFrame(browser, site, service), 'a page that is listed shows the wall in a frame')
      isFalse(await showsInFrame(browser, origin, service), 'a page that is not listed does not')
    }),
    'with AUTH=off': withService({ AUTH: 'off' }, async (browser, service) => {
      for (const page of pages) await attack(browser, page, service)
      await ownPage(browser, service)
    }),
    'with AUTH=off and CORS_ORIGINS': withService({ AUTH: 'off', CORS_ORIGINS: listed }, async (browser, service) => {
      for (const page of pages) isTrue(await readsWithKey(browser, page, service, key), `${page} is listed`)
    }),
    ...Object.fromEntries(['*', listed].map((origins) => [`CORS_ORIGINS=${origins === '*' ? '*' : 'a list'} without keys is refused at start`, async () => {
      const started = await startService({ CORS_ORIGINS: origins }).then(async (service) => { await service.stop(); return true }, () => false)
      if (started) throw new Error('it starts')
      return undefined
    }]))
  }
}

/** The checks whose names contain one of the words after the command; all of them without words. */
function chosen (checks: Record<string, Check>): Record<string, Check> {
  const words = process.argv.slice(2)
  return words.length === 0 ? checks : Object.fromEntries(Object.entries(checks).filter(([name]) => words.some((word) => name.includes(word))))
}

type BrowserCheck = (browser: Browser, service: RunningService) => Promise<void>

/** Each check has a service and a browser of its own. */
function withService (env: Record<string, string>, check: BrowserCheck, fill = aPlate): Check {
  return async (name) => {
    const service = await startService(env)
    try {
      const browser = (await launchChromium())!
      try {
        await fill(service)
        await showingFailures(browser, name, async () => { await check(browser, service) })
      } finally {
        await browser.close()
      }
    } finally {
      await service.stop()
    }
    return undefined
  }
}

async function aPlate (service: RunningService): Promise<void> {
  const call = callerOf(service, key)
  await call('PUT', '/api/lab/config', { sila_servers: { devices: { Hotel: { capacity: 2 } } } })
  await call('POST', '/api/containers', { device: 'Hotel', barcode: 'P1' })
}

/** With a lab that has something of everything. */
function withFullLab (env: Record<string, string>, check: BrowserCheck): Check {
  return withService(env, check, async (service) => { await fillLab(callerOf(service, env.BOOTSTRAP_ADMIN_KEY_FILE === undefined ? undefined : key)) })
}
