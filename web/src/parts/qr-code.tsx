import { encode } from 'uqr'

/** A text as a QR code, to print on a badge. Dark on light also at night, or scanners do not read it. */
export function QrCode ({ text, label }: { text: string, label: string }) {
  const { size, data } = encode(text, { border: 4, ecc: 'M' })
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => isDark ? [`M${x} ${y}h1v1h-1z`] : [])).join('')
  return <svg role="img" aria-label={label} className="qr" viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges"><rect className="light" width={size} height={size} /><path className="dark" d={path} /></svg>
}
