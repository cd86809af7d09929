import { networkInterfaces } from 'node:os'
import type { Browser } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { callerOf, live, openLive, openPage } from './page.ts'
import { labelOf, photograph } from './scan.ts'

/** The connection is lost: the page says since when, looks it, and records nothing. It comes back by itself and shows what happened meanwhile. */
export async function lostConnection (browser: Browser, service: RunningService): Promise<void> {
  const { page, context, close } = await openLive(browser, service, '/labware/SCREEN_004', { expected: /ERR_|Failed to load/ })
  await context.setOffline(true)
  await page.getByText(/no connection since .*, trying/).waitFor()
  if (await page.getByRole('button', { name: 'Fix', exact: true }).isEnabled()) throw new Error('a lost page lets people record')
  await page.getByRole('heading', { level: 1, name: 'SCREEN_004' }).waitFor()
  // a page that was not loaded yet comes with the connection, and what is there stays
  await page.getByRole('link', { name: 'Help', exact: true }).click()
  await page.getByText(/no connection since .*, trying/).waitFor()
  await page.goBack()
  await page.getByRole('heading', { level: 1, name: 'SCREEN_004' }).waitFor()
  await page.goForward()
  await callerOf(service)('POST', '/api/containers/SCREEN_004/move', { target_device: 'Hotel2', target_pos: 9 })
  await context.setOffline(false)
  await live(page)
  await page.getByRole('heading', { level: 1, name: 'Help' }).waitFor()
  await page.goBack()
  await page.getByRole('definition').getByText('Hotel2').first().waitFor()
  await close()
}

/** The service is ended and started again: the wall comes back by itself. */
export async function restartedService (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/wall', { expected: /ERR_|Failed to load|502|503/ })
  await service.killAndRestart()
  await callerOf(service)('POST', '/api/containers/SCREEN_004/move', { target_device: 'Hotel2', target_pos: 8 })
  await page.getByRole('gridcell', { name: 'Slot 8, SCREEN_004, lid on' }).waitFor()
  await live(page)
  await close()
}

/** The address of this machine in its network, over which labs open the page without https. */
export function lanAddress (): string | undefined {
  return Object.values(networkInterfaces()).flatMap((all) => all ?? []).find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}

/** Over plain http browsers hide half of their functions. Signing in and recording need none of them. */
export async function overPlainHttp (browser: Browser, url: string, key: string): Promise<void> {
  const { page, close } = await openPage(browser, { url }, '/labware/SCREEN_003', { expected: /401/ })
  if (await page.evaluate<boolean>('isSecureContext')) throw new Error(`${url} is a secure context`)
  await page.getByRole('link', { name: 'sign in' }).click()
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'SCREEN_003' }).waitFor()
  await live(page)
  await page.getByRole('button', { name: 'Fix', exact: true }).click()
  await page.getByRole('button', { name: 'moved by hand' }).click()
  await page.getByRole('button', { name: 'Record' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  // No camera, no detector of the browser: the photo of a label is read all the same.
  await page.getByRole('button', { name: 'Scan', exact: true }).click()
  await page.getByText('Browsers give the camera only to pages over https.').waitFor()
  await photograph(page, await labelOf('datamatrix', 'SCREEN_001'))
  await page.getByRole('heading', { level: 1, name: 'SCREEN_001' }).waitFor()
  await close()
}
