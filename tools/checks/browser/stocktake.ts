import type { Browser } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { callerOf, openLive, scan } from './page.ts'

/** A device is counted with a scanner that types: findings in words, nothing changes before one reason is given, then all of it at once. */
export async function stocktake (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  // Alarms have revisions, too, so the containers are compared.
  const before = JSON.stringify((await call('GET', '/api/containers?limit=500')).items)
  const { page, close } = await openLive(browser, service, '/stocktake')
  // This page comes after the first one: before it is there, a scan is for finding.
  await page.getByRole('heading', { level: 1, name: 'Stocktake', exact: true }).waitFor()
  await scan(page, 'Hotel1')
  await page.getByRole('heading', { level: 1, name: 'Stocktake: Hotel1' }).waitFor()
  // Anywhere on the page, and in the field.
  await scan(page, 'SCREEN_000')
  await page.getByText('Slot 0: SCREEN_000, match ✓').waitFor()
  const field = page.getByLabel('Barcode of the plate in slot 1')
  await field.fill('SCREEN_014')
  await page.keyboard.press('Enter')
  await page.getByText('Slot 1: SCREEN_014, elsewhere: tracked at Hotel2 · 18').waitFor()
  await scan(page, 'Hotel1 6')
  await page.getByText('Slot 6 is next').waitFor()
  await scan(page, 'NEW_PLATE')
  await page.getByText('Slot 6: NEW_PLATE, unknown').waitFor()
  await page.reload()
  await page.getByText('Slots that were not scanned count as empty.').waitFor()
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByRole('heading', { name: /^Findings: 1 match, 1 elsewhere, 1 unknown, 4 missing/ }).waitFor()
  if (JSON.stringify((await call('GET', '/api/containers?limit=500')).items) !== before) throw new Error('comparing changed the lab')
  await page.getByLabel('Why').fill('counted by hand')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('Recorded: Hotel1 is as it was seen.').waitFor()
  const plate = await call('GET', '/api/containers/SCREEN_014')
  if (plate.device !== 'Hotel1' || plate.position !== 1) throw new Error(`SCREEN_014 is at ${JSON.stringify([plate.device, plate.position])}`)
  if ((await call('GET', '/api/containers/SCREEN_001')).missing_since === null) throw new Error('SCREEN_001 is not missing')
  const { items } = await call('GET', '/api/stocktakes') as { items: { reason: string }[] }
  if (items.at(-1)?.reason !== 'counted by hand') throw new Error(`the stocktake says ${JSON.stringify(items)}`)
  // A label of before: what stops the stocktake is said before anybody applies it.
  await call('POST', '/api/containers/relabel', { reason: 'torn', labels: [{ container: 'SCREEN_014', barcode: 'NEW_LABEL' }] })
  await scan(page, 'Hotel1 1')
  await page.getByText('Slot 1 is next').waitFor()
  await scan(page, 'SCREEN_014')
  await page.getByText('Slot 1: SCREEN_014').waitFor()
  await page.getByRole('button', { name: 'Compare' }).click()
  await page.getByText(/cannot be applied Until .* was the barcode of the container "NEW_LABEL"/).waitFor()
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByText('It cannot be applied: first correct what is marked.').waitFor()
  await close()
}
