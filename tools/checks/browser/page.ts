import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'

export type Opened = { page: Page, context: BrowserContext, close: () => Promise<void> }

/**
 * Opens a page of the service in a browser of its own. `close` throws what went wrong meanwhile: an error of a script, anything in the console, a
 * report of the policy, a request to another origin.
 */
export async function openPage (browser: Browser, { url }: Pick<RunningService, 'url'>, path: string, options: BrowserContextOptions & { expected?: RegExp } = {}): Promise<Opened> {
  const { expected, ...contextOptions } = options
  const context = await browser.newContext(contextOptions)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && expected?.test(message.text()) !== true) faults.push(message.text()) })
  page.on('request', (request) => { if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).origin !== url) faults.push(`a request to ${request.url()}`) })
  await page.goto(url + path)
  return {
    page, context,
    async close () {
      await context.close()
      if (faults.length > 0) throw new Error(faults.join('\n'))
    }
  }
}

/** Waits until the page says that it shows the lab as it is. */
export async function live (page: Page): Promise<void> {
  await page.getByRole('status').getByText('live', { exact: false }).first().waitFor()
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
