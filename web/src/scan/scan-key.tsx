import { Suspense, useState } from 'react'
import { lazyPart } from '../app/lazy-part.ts'

// The decoder is larger than the rest of the page: it comes when somebody scans.
const ScanSheet = lazyPart(async () => (await import('./scan-sheet.tsx')).ScanSheet)

type Props = {
  /** What is scanned, if only this part of the page wants it. */
  what?: string
  /** Returns what it says about the scan if another one is needed. */
  onScan?: (scanned: string) => string | null
}

/** Opens the camera, or takes a photo, to read a barcode. */
export function ScanKey ({ what, onScan }: Props) {
  const [isOpen, setOpen] = useState(false)
  const name = what === undefined ? 'Scan' : `Scan ${what}`
  return (
    <>
      <button type="button" className={onScan === undefined ? 'scan-key' : 'key'} onClick={() => setOpen(true)}>{name}</button>
      {isOpen ? <Suspense fallback={null}><ScanSheet title={name} onScan={onScan} onClose={() => setOpen(false)} /></Suspense> : null}
    </>
  )
}
