import bwipjs from 'bwip-js/node'
import type { Browser, Page } from 'playwright-core'
import type { RunningService } from '../../support/service.ts'
import { openLive, openPage, until } from './page.ts'

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

/** A picture of a label. */
export async function labelOf (bcid: 'code128' | 'datamatrix' | 'qrcode', text: string): Promise<Buffer> {
  return await bwipjs.toBuffer({ bcid, text, scale: 4, padding: 12, backgroundcolor: 'FFFFFF', ...bcid === 'code128' ? { height: 12, includetext: true } : {} })
}

/** Takes a photo with the sheet that is open. */
export async function photograph (page: Page, buffer: Buffer): Promise<void> {
  await page.getByLabel('Take a photo').setInputFiles({ name: 'label.png', mimeType: 'image/png', buffer })
}

/** A photo of a label leads to its plate. In a stocktake photo after photo is a plate. A photo without a barcode says so. The decoder comes only when somebody scans, from this service. */
export async function photos (browser: Browser, service: RunningService): Promise<void> {
  const { page, close } = await openLive(browser, service, '/', phone)
  const loaded: string[] = []
  page.on('request', (request) => loaded.push(new URL(request.url()).pathname))
  await page.getByRole('button', { name: 'Scan', exact: true }).click()
  await photograph(page, await labelOf('code128', 'SCREEN_003'))
  await page.getByRole('heading', { level: 1, name: 'SCREEN_003' }).waitFor()
  if (!loaded.some((path) => /^\/assets\/.*\.wasm$/.test(path))) throw new Error(`the decoder came from ${loaded.join(', ')}`)
  await page.goto(`${service.url}/stocktake/Hotel1`)
  await page.getByText('Slots that were not scanned count as empty.').waitFor()
  await page.getByRole('button', { name: 'Scan', exact: true }).click()
  const sheet = page.getByRole('dialog', { name: 'Scan' })
  await photograph(page, await labelOf('datamatrix', 'SCREEN_000'))
  await sheet.getByText('Slot 0: SCREEN_000, match').waitFor()
  await photograph(page, await labelOf('qrcode', '细胞板-07'))
  await sheet.getByText('Slot 1: 细胞板-07, elsewhere: tracked at Hotel2 · 4').waitFor()
  await photograph(page, await page.screenshot({ clip: { x: 0, y: 0, width: 20, height: 20 } }))
  await sheet.getByText('No barcode was found in the photo.').waitFor()
  await photograph(page, Buffer.from('no picture'))
  await sheet.getByText('This file cannot be read as a photo.').waitFor()
  await sheet.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('row').filter({ hasText: 'SCREEN_000' }).waitFor()
  await close()
}

/** The camera reads a label that is held before it, once; without leave to use it, the sheet says so. */
export async function camera (browser: Browser, service: RunningService): Promise<void> {
  const picture = `data:image/png;base64,${(await labelOf('code128', 'SCREEN_004')).toString('base64')}`
  const script = `{
    const canvas = document.createElement('canvas')
    const image = new Image()
    image.onload = () => {
      canvas.width = image.width
      canvas.height = image.height
      setInterval(() => canvas.getContext('2d').drawImage(image, 0, 0), 50)
    }
    image.src = ${JSON.stringify(picture)}
    navigator.mediaDevices.getUserMedia = async () => globalThis.stream = canvas.captureStream(20)
  }`
  const { page, close } = await openPage(browser, service, '/stocktake/Hotel1', { script })
  await page.getByText('Slots that were not scanned count as empty.').waitFor()
  await page.getByRole('button', { name: 'Scan', exact: true }).click()
  const sheet = page.getByRole('dialog', { name: 'Scan' })
  await sheet.getByText('Slot 0: SCREEN_004, elsewhere').waitFor()
  await page.waitForTimeout(600)
  await sheet.getByText('Slot 0: SCREEN_004, elsewhere').waitFor()
  await sheet.getByRole('button', { name: 'Close' }).click()
  await until(page, "stream.getTracks().every(({ readyState }) => readyState === 'ended')")
  await close()
  const refused = await openLive(browser, service, '/', { script: "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') }" })
  await refused.page.getByRole('button', { name: 'Scan', exact: true }).click()
  await refused.page.getByText('The browser may not use the camera here. A photo works as well').waitFor()
  await refused.close()
}
