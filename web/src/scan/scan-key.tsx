import { Suspense, useState } from 'react'
import { lazyPart } from '../app/lazy-part.ts'

// The decoder is larger than the rest of the page: it comes when somebody scans.
const ScanSheet = lazyPart(async () => (await import('./scan-sheet.tsx')).ScanSheet)

/** Opens the camera, or takes a photo, to read a barcode. */
export function ScanKey () {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <button type="button" className="scan-key" onClick={() => setOpen(true)}>Scan</button>
      {isOpen ? <Suspense fallback={null}><ScanSheet onClose={() => setOpen(false)} /></Suspense> : null}
    </>
  )
}
