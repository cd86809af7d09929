import { prepareZXingModule, type ReadInputBarcodeFormat, readBarcodes } from 'zxing-wasm/reader'
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url'

// From this service: by default the decoder would come from the internet, which a lab need not have.
prepareZXingModule({ overrides: { locateFile: () => wasm } })

/** What is on labware and badges. Kinds without a check digit are left out: shadows look like them. */
const formats: ReadInputBarcodeFormat[] = ['Code128', 'Code39', 'Code93', 'EAN13', 'EAN8', 'UPCA', 'DataMatrix', 'QRCode', 'MicroQRCode', 'Aztec', 'PDF417']

/** More dots than this only take time. */
const mostPixels = 1600

type Picture = { image: CanvasImageSource, width: number, height: number }

/** The barcodes in a photo, as a scanner would type them. A photo can be of any size, and on its side. */
export async function decodePhoto (photo: Blob): Promise<string[]> {
  const bitmap = await createImageBitmap(photo)
  try {
    return await decode({ image: bitmap, width: bitmap.width, height: bitmap.height })
  } finally {
    bitmap.close()
  }
}

/** The barcodes that a video shows now. */
export async function decodeFrame (video: HTMLVideoElement): Promise<string[]> {
  return video.videoWidth === 0 ? [] : await decode({ image: video, width: video.videoWidth, height: video.videoHeight })
}

async function decode ({ image, width, height }: Picture): Promise<string[]> {
  const scale = Math.min(1, mostPixels / Math.max(width, height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.drawImage(image, 0, 0, canvas.width, canvas.height)
  const found = await readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), { formats, textMode: 'Plain', maxNumberOfSymbols: 8 })
  return [...new Set(found.filter(({ isValid }) => isValid).map(({ text }) => text.trim()))].filter((text) => text !== '')
}
