import { spawnSync } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'

/** Debian's Chromium, or CHROMIUM with the path of another. Undefined where there is none. No proxy: the pages are on this machine. */
export async function launchChromium (): Promise<Browser | undefined> {
  const found = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim()).find((path) => path !== '')
  const executablePath = process.env.CHROMIUM ?? found
  if (executablePath === undefined) return undefined
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--no-proxy-server'] })
}
