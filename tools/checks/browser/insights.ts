import type { Browser } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { openLive } from './page.ts'

/** Each chart says its finding in its title, and has its table. */
export async function insights (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/insights/use?range=last+7+days')
  const use = page.getByRole('figure', { name: /^Sealer was the busiest: .+ of the last 7 days\. \d of 6 devices did nothing\./ })
  await use.getByText('show as table').click()
  await use.getByRole('row', { name: /^Washer/ }).waitFor()
  await page.getByRole('row', { name: /^SCREEN_000/ }).getByText(/just now|min ago/).first().waitFor()
  await page.getByRole('link', { name: 'Durations' }).click()
  const durations = page.getByRole('figure', { name: /kinds of step/ })
  await durations.getByRole('link', { name: 'Washer · wash' }).click()
  const kind = page.getByRole('figure', { name: /^Half of such steps take at most 0:07, all the time\./ })
  await kind.getByText('show as table').click()
  if (await kind.getByRole('row', { name: /completed/ }).count() !== 12) throw new Error('the table does not have all steps')
  await page.getByRole('link', { name: 'Promises' }).click()
  await page.getByRole('figure', { name: /^Asked for 95 %, .+ of \d+ bounds were kept\./ }).waitFor()
  await page.getByLabel('By').selectOption('device')
  await page.waitForURL(/by=device/)
  await page.getByText('show as table').click()
  await page.getByRole('row', { name: /^Washer/ }).waitFor()
  await close()
}
