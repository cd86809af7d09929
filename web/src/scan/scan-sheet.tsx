import { useRef, useState } from 'react'
import { useTakeScan } from '../app/use-take-scan.ts'
import { Name } from '../parts/name.tsx'
import { Sheet } from '../parts/sheet.tsx'
import { signal } from '../parts/signal.ts'
import { decodePhoto } from './decode.ts'
import { hasCamera, useCamera } from './use-camera.ts'

/** A label stays before the camera for a while: so long it is one scan. */
const sameMs = 3000

type Props = {
  title: string
  /** Who wants the scan, if not the page; returns what it says if it wants another one. */
  onScan: ((scanned: string) => string | null) | undefined
  onClose: () => void
}

/** Reads barcodes with the camera or from a photo. In a stocktake it stays open for the next plate; elsewhere the page of what was read opens. */
export function ScanSheet ({ title, onScan, onClose }: Props) {
  const takeAnywhere = useTakeScan()
  const [said, setSaid] = useState('')
  const [several, setSeveral] = useState<readonly string[]>([])
  const video = useRef<HTMLVideoElement>(null)
  const last = useRef({ text: '', at: -Infinity })
  const fault = useCamera(video, (found) => {
    if (found.length > 1) setSeveral(found)
    else take(found[0]!)
  })

  function take (text: string): void {
    const { timeStamp } = new Event('scan')
    const isSame = last.current.text === text && timeStamp - last.current.at < sameMs
    last.current = { text, at: timeStamp }
    if (isSame) return
    setSeveral([])
    const says = (onScan ?? takeAnywhere)(text)
    if (says !== null) setSaid(says)
    else {
      signal(true)
      onClose()
    }
  }

  async function readPhoto (photo: Blob): Promise<void> {
    setSaid('Reading the photo ...')
    setSeveral([])
    try {
      const found = await decodePhoto(photo)
      if (found.length === 0) {
        signal(false)
        setSaid('No barcode was found in the photo. Go nearer, or turn on the light.')
      } else if (found.length > 1) {
        setSaid('')
        setSeveral(found)
      } else {
        // Each photo is a scan, also of the same plate.
        last.current = { text: '', at: -Infinity }
        take(found[0]!)
      }
    } catch {
      setSaid('This file cannot be read as a photo.')
    }
  }

  return (
    <Sheet title={title} onClose={onClose}>
      {hasCamera && fault === null ? <video ref={video} className="camera" muted playsInline aria-label="What the camera sees" /> : (
        <p>{fault ?? 'Browsers give the camera only to pages over https.'} A photo works as well, and so does a scanner that types.</p>
      )}
      <p role="status" className="said">{said}</p>
      {several.length === 0 ? null : (
        <>
          <p>There are several barcodes. Choose one:</p>
          <div className="keys">{several.map((text) => <button key={text} type="button" className="key" onClick={() => take(text)}><Name>{text}</Name></button>)}</div>
        </>
      )}
      <div className="keys">
        <label className="key photo is-main">Take a photo
          <input
            type="file" accept="image/*" capture="environment" onChange={({ target }) => {
              const photo = target.files?.[0]
              // The same file again is another scan.
              target.value = ''
              if (photo !== undefined) void readPhoto(photo)
            }}
          />
        </label>
        <button type="button" className="key" onClick={onClose}>Close</button>
      </div>
    </Sheet>
  )
}
