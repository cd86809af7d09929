import type { Browser } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { lateStepId, runId } from './lab.ts'
import { callerOf, openLive, openPage } from './page.ts'

/** A run says when it will be over, and in the title of its chart what went otherwise than promised; its table has the same. */
export async function promises (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openPage(browser, service, '/runs')
  await page.getByRole('row', { name: /SCREEN run 41/ }).getByText('1 done, 1 running').waitFor()
  await page.getByRole('link', { name: 'SCREEN run 41' }).click()
  await page.getByRole('heading', { level: 1, name: 'SCREEN run 41' }).waitFor()
  await page.getByText(/\(95 %\)/).first().waitFor()
  const chart = page.getByRole('figure', { name: /^1 of 2 steps took longer than promised\. Plates waited 0:40/ })
  await chart.getByText('show as table').click()
  await chart.getByRole('row', { name: /^press/ }).getByText('completed, past its bound').waitFor()
  await chart.getByRole('button', { name: 'by plate' }).click()
  await page.waitForURL(/by=plate/)
  await chart.getByRole('link', { name: 'press' }).click()
  await page.getByRole('heading', { level: 1, name: 'Sealer · press' }).waitFor()
  await close()
}

/** A person pauses a run and lets it go on, each with a reason that the log keeps. */
export async function pausedRun (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, close } = await openLive(browser, service, `/runs/${runId}`)
  for (const [key, status] of [['Pause', 'paused'], ['Resume', 'running']] as const) {
    await page.getByRole('button', { name: key, exact: true }).click()
    const sheet = page.getByRole('dialog', { name: `${key}: SCREEN run 41` })
    await sheet.getByRole('button', { name: 'Record' }).click()
    await sheet.getByRole('alert').getByText('Say why.').waitFor()
    await sheet.getByLabel('Why').fill(`${key} because of tips`)
    await sheet.getByRole('button', { name: 'Record' }).click()
    await sheet.waitFor({ state: 'hidden' })
    const run = await call('GET', `/api/experiments/${runId}`)
    if (run.status !== status) throw new Error(`the run is ${String(run.status)}`)
    const { items } = await call('GET', `/api/events?experiment=${runId}&sort=-revision&limit=1`) as { items: { reason: string }[] }
    if (items[0]?.reason !== `${key} because of tips`) throw new Error(`the log says ${JSON.stringify(items[0])}`)
  }
  await close()
}

/** A step explains its estimate; a person leaves it out of estimates, and the page shows that as a correction. */
export async function stepOfRun (browser: Browser, service: RunningService): Promise<void> {
  const call = callerOf(service)
  const { page, close } = await openLive(browser, service, `/steps/${lateStepId}`)
  await page.getByText(/^\d+ of 100 such steps take at most \d+:\d+\./).waitFor()
  await page.getByText(/the \d steps that it uses/).click()
  await page.getByRole('button', { name: 'Exclude from estimates' }).click()
  await page.getByRole('dialog').getByLabel('Why').fill('the door was open')
  await page.getByRole('dialog').getByRole('button', { name: 'Record' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.getByText('no: somebody decided so').waitFor()
  await page.getByRole('row', { name: /step corrected/ }).getByText('the door was open').waitFor()
  const step = await call('GET', `/api/steps/${lateStepId}`)
  if (step.excluded_from_estimates !== 'by-hand') throw new Error(`the step is excluded: ${String(step.excluded_from_estimates)}`)
  await page.getByRole('button', { name: 'Use for estimates again' }).click()
  await page.getByRole('dialog').getByLabel('Why').fill('it was closed')
  await page.getByRole('dialog').getByRole('button', { name: 'Record' }).click()
  await page.getByRole('definition').getByText('yes').waitFor()
  await close()
}
