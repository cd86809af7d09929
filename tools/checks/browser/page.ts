import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'

export type Opened = {
  page: Page
  context: BrowserContext
  /** Waits until everything that the page asked for has come, except the stream, which never ends, and is shown. */
  settled: () => Promise<void>
  close: () => Promise<void>
}

/** `expected`: what the console may say. `script`: runs before the scripts of the page. */
type OpenOptions = BrowserContextOptions & { expected?: RegExp, script?: string }

/** How long a busy machine may take for any one thing. How fast the page is, is measured elsewhere. */
const patienceMs = 60_000
const stillMs = 150

/** A browser window of its own in which nothing is given up too early. */
export async function openContext (browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(patienceMs)
  return context
}

const faultsOfPages = new WeakMap<Page, string[]>()

/** What went wrong in a page until now. */
export function faultsOf (page: Page): readonly string[] {
  return faultsOfPages.get(page) ?? []
}

/**
 * Opens a page of the service in a window of its own. `close` throws what went wrong meanwhile: an error of a script, anything in the console, a
 * report of the policy, a request to another origin.
 */
export async function openPage (browser: Browser, { url }: Pick<RunningService, 'url'>, path: string, options: OpenOptions = {}): Promise<Opened> {
  const { expected, script, ...contextOptions } = options
  const context = await openContext(browser, contextOptions)
  if (script !== undefined) await context.addInitScript(script)
  const page = await context.newPage()
  const faults: string[] = []
  faultsOfPages.set(page, faults)
  const waiting = new Set<unknown>()
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && expected?.test(message.text()) !== true) faults.push(`${message.text()} ${message.location().url}`.trim()) })
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).origin !== url) faults.push(`a request to ${request.url()}`)
    if (!request.url().includes('/api/events/stream')) waiting.add(request)
  })
  page.on('requestfinished', (request) => { waiting.delete(request) })
  page.on('requestfailed', (request) => { waiting.delete(request) })
  await page.goto(url + path)
  return {
    page, context,
    async settled () {
      await live(page)
      const end = Date.now() + patienceMs
      let stillSince = Date.now()
      while (Date.now() - stillSince < stillMs) {
        if (Date.now() > end) throw new Error(`${page.url()} waits for answers for ever`)
        await page.waitForTimeout(50)
        if (waiting.size > 0 || await page.getByText(/^Reading .*\.\.\.$/).count() > 0) stillSince = Date.now()
      }
    },
    async close () {
      await context.close()
      if (faults.length > 0) throw new Error(faults.join('\n'))
    }
  }
}

/** The same, and the page shows the lab as it is. Answers that are on their way would move what a check is about to reach with Tab. */
export async function openLive (...[browser, service, path, options]: Parameters<typeof openPage>): Promise<Opened> {
  const opened = await openPage(browser, service, path, options)
  await opened.settled()
  return opened
}

/** Waits until the page says that it shows the lab as it is. */
export async function live (page: Page): Promise<void> {
  await page.getByRole('status').getByText('live', { exact: false }).first().waitFor()
}

/** Waits until something is true in the page. Playwright's `waitForFunction` compiles text in the page, which the policy of the page forbids. */
export async function until (page: Page, condition: string, forMs = patienceMs): Promise<void> {
  for (const end = Date.now() + forMs; !await page.evaluate<boolean>(condition);) {
    if (Date.now() > end) throw new Error(`${condition} did not become true`)
    await page.waitForTimeout(50)
  }
}

/** Types as a scanner does. The keys bear the times at which a scanner would press them, so the page sees a scan however busy this machine is. */
export async function scan (page: Page, text: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  let timestamp = Date.now() / 1000
  for (const key of [...Array.from(text), 'Enter']) {
    timestamp += 0.005
    const typed = key === 'Enter' ? '\r' : key
    await session.send('Input.dispatchKeyEvent', { type: 'keyDown', key, text: typed, unmodifiedText: typed, timestamp })
    await session.send('Input.dispatchKeyEvent', { type: 'keyUp', key, timestamp })
  }
  await session.detach()
}

export type Call = (method: string, path: string, body?: object) => Promise<Record<string, unknown>>

/** Calls the service as a program, with a key if it needs one. Throws what is refused. */
export function callerOf ({ url }: Pick<RunningService, 'url'>, key?: string): Call {
  return async (method, path, body) => {
    const headers = { ...key === undefined ? {} : { authorization: `Bearer ${key}` }, ...body === undefined ? {} : { 'content-type': 'application/json' } }
    const answer = await fetch(url + path, { method, headers, ...body === undefined ? {} : { body: JSON.stringify(body) } })
    if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
    return answer.status === 204 ? {} : await answer.json() as Record<string, unknown>
  }
}

export function isTrue (value: boolean, what: string): void {
  if (!value) throw new Error(what)
}

export function isFalse (value: boolean, what: string): void {
  if (value) throw new Error(what)
}
