import { type RefObject, useEffect, useRef, useState } from 'react'
import { decodeFrame } from './decode.ts'

const everyMs = 150

/** Whether the browser gives this page a camera: over plain http, none does. */
export const hasCamera = 'mediaDevices' in navigator

/** Shows the camera at the back in a video, and tells each barcode that it sees. Returns why there is no camera, if there is none. */
export function useCamera (video: RefObject<HTMLVideoElement | null>, onSeen: (found: readonly string[]) => void): string | null {
  const [fault, setFault] = useState<string | null>(null)
  const seen = useRef(onSeen)
  useEffect(() => { seen.current = onSeen })
  useEffect(() => {
    if (!hasCamera) return
    const ended = new AbortController()
    const isOver = (): boolean => ended.signal.aborted
    let stream: MediaStream | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    async function look (): Promise<void> {
      const shown = video.current
      if (isOver() || shown === null) return
      const found = await decodeFrame(shown)
      if (isOver()) return
      if (found.length > 0) seen.current(found)
      timer = setTimeout(again, everyMs)
    }
    function again (): void { look().catch((error: unknown) => setFault(String(error))) }
    navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } } }).then(async (opened) => {
      stream = opened
      if (isOver() || video.current === null) return opened.getTracks().forEach((track) => track.stop())
      video.current.srcObject = opened
      await video.current.play()
      again()
    }).catch((error: unknown) => {
      const isForbidden = error instanceof DOMException && error.name === 'NotAllowedError'
      if (!isOver()) setFault(isForbidden ? 'The browser may not use the camera here.' : 'There is no camera.')
    })
    return () => {
      ended.abort()
      clearTimeout(timer)
      stream?.getTracks().forEach((track) => track.stop())
    }
  }, [video])
  return fault
}
