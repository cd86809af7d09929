import { spawnSync } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'

/** Where Debian's Chromium is, or CHROMIUM with the path of another. Undefined where there is none. */
export function findChromium (): string | undefined {
  const found = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim())
  return process.env.CHROMIUM ?? found.find((path) => path !== '')
}

/** Starts it. Undefined where there is none. No proxy: the pages are on this machine. */
export async function launchChromium (): Promise<Browser | undefined> {
  const executablePath = findChromium()
  if (executablePath === undefined) return undefined
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--no-proxy-server'] })
}
