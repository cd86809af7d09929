import type { Browser } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { callerOf, isFalse, isTrue, openContext } from './page.ts'

/** One plate has the longest barcode and a hotel a long name. Nothing scrolls sideways, and the rows of other plates stay as low as they are. */
export async function readableLabware (browser: Browser, service: RunningService): Promise<void> {
  const hotel = 'Inkubationsschrank_mit_sehr_langem_Namen'
  const call = callerOf(service)
  await call('PUT', '/api/lab/config?prune=false', { sila_servers: { devices: { [hotel]: { capacity: 2 } } } })
  await call('POST', '/api/containers', { device: hotel, barcode: 'X'.repeat(200), labware_type: 'Greiner 96' })
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
