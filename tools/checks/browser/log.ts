import type { Browser } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { alarmRaised } from './lab.ts'
import { callerOf, live, openLive } from './page.ts'

/** Who did what, with before and after: found by its kind, live, and a correction is undone from its row. */
export async function log (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, close } = await openLive(browser, service, '/log')
  await page.getByLabel('What').selectOption('corrected')
  await page.getByText('Nothing like this was recorded.').waitFor()
  await call('POST', '/api/containers/SCREEN_003/correct', { reason: 'seen there', device: 'Hotel2', position: 1 })
  const row = page.getByRole('row', { name: /SCREEN_003 corrected/ })
  await row.getByText('seen there').waitFor()
  await row.getByText('device: Hotel1 → Hotel2').waitFor()
  await page.getByRole('button', { name: 'Hold still' }).click()
  await call('POST', '/api/containers/SCREEN_004/correct', { reason: 'later', device: 'Hotel2', position: 2 })
  await page.waitForTimeout(1500)
  if (await page.getByRole('row', { name: /SCREEN_004 corrected/ }).count() !== 0) throw new Error('a log that is held still goes on')
  await row.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Record' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  const { device, position } = await call('GET', '/api/containers/SCREEN_003')
  if (device !== 'Hotel1' || position !== 9) throw new Error(`SCREEN_003 is at ${JSON.stringify([device, position])}`)
  await page.getByRole('button', { name: 'Follow again' }).click()
  await page.getByRole('row', { name: /SCREEN_004 corrected/ }).waitFor()
  // On a tablet what changed has the room, and its times are those of the rest of the page.
  await page.setViewportSize({ width: 820, height: 1180 })
  await page.goto(`${service.url}/log`)
  await page.getByRole('listitem').filter({ hasText: /^first_start: / }).first().waitFor()
  const [table, changes] = await Promise.all(['table', 'th.changes'].map(async (part) => (await page.locator(part).boundingBox())!.width))
  if (changes! < table! * 0.38) throw new Error(`before and after have ${changes} of ${table} pixels`)
  const [iso] = (await page.locator('table').innerText()).match(/\d{4}-\d\d-\d\dT\S*/) ?? []
  if (iso !== undefined) throw new Error(`the log says ${iso}`)
  await close()
}

/** The lab is played forwards and backwards, by keys and by buttons; nothing can be recorded meanwhile. */
export async function timeTravel (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  await alarmRaised(call)
  for (const position of [15, 16, 17]) await call('POST', '/api/containers/SCREEN_001/move', { target_device: 'Hotel1', target_pos: position })
  const { items: [{ revision }] } = await call('GET', '/api/events?kind=moved&sort=-revision&limit=1') as { items: [{ revision: number }] }
  const { page, close } = await openLive(browser, service, '/')
  const at = (slot: number) => page.getByRole('gridcell', { name: `Slot ${slot}, SCREEN_001, no lid` }).waitFor()
  // also in the first second of a page, when no key was pressed before
  await page.reload()
  await live(page)
  await page.keyboard.press('t')
  await page.getByText(/^AS OF \d+/).waitFor()
  await page.goto(`${service.url}/?at=${revision}`)
  await page.getByText(`AS OF ${revision} `).waitFor()
  await at(17)
  await page.getByRole('slider', { name: 'Moment' }).waitFor()
  await page.keyboard.press('ArrowLeft')
  await at(16)
  await page.getByRole('button', { name: 'One back' }).click()
  await at(15)
  await page.getByRole('button', { name: 'Play', exact: true }).click()
  await at(17)
  await page.getByRole('button', { name: 'Play backwards' }).click()
  await at(15)
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.goto(`${service.url}/labware/SCREEN_001?at=${revision - 2}`)
  await page.getByText('Nothing can be recorded here.').waitFor()
  if (await page.getByRole('button', { name: 'Fix', exact: true }).count() !== 0) throw new Error('the past can be fixed')
  await page.locator('dd', { hasText: 'Hotel1 · 15' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Fix', exact: true }).waitFor()
  await close()
}
