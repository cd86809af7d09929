import type { Browser, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { callerOf, openContext } from './page.ts'

/** Tries what any page can do without asking the service first. The service itself must refuse each, and nothing may change. */
export async function attack (
  browser: Browser, from: string, service: RunningService, { status = 403, key }: { status?: number, key?: string } = {}
): Promise<void> {
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
  if ((await callerOf(service, key)('GET', '/api/containers/P1')).lidded !== false) throw new Error(`a page of ${from} put the lid on`)
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
export async function showsInFrame (browser: Browser, from: string, { url }: RunningService): Promise<boolean> {
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
export async function readsWithKey (browser: Browser, from: string, service: RunningService, key: string): Promise<boolean> {
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
export async function ownPage (browser: Browser, service: RunningService): Promise<void> {
  const page = await (await openContext(browser)).newPage()
  await page.goto(`${service.url}/docs/`)
  const status = await page.evaluate(async () => (await fetch('/api/lab')).status)
  if (status !== 200) throw new Error(`the page of the service gets ${status}`)
  await page.goto(`${service.url}/api/lab`)
  if (!(await page.content()).includes('revision')) throw new Error('a typed address does not show the lab')
  await page.context().close()
}
