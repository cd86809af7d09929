/** Why bytes are not text in UTF-8: the encoding that they seem to have, as a sentence's end. Null if they are UTF-8. */
export function encodingFault (bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return 'is UTF-32 (little endian)'
  if (a === 0 && b === 0 && c === 0xfe && d === 0xff) return 'is UTF-32 (big endian)'
  if (a === 0xff && b === 0xfe) return 'is UTF-16 (little endian)'
  if (a === 0xfe && b === 0xff) return 'is UTF-16 (big endian)'
  // Without a mark: text in Latin letters has a NUL in every second byte.
  if (bytes.length >= 4 && bytes.length % 2 === 0) {
    if (b === 0 && d === 0 && a !== 0 && c !== 0) return 'is UTF-16 (little endian)'
    if (a === 0 && c === 0 && b !== 0 && d !== 0) return 'is UTF-16 (big endian)'
  }
  return isUtf8(bytes) ? null : `is not UTF-8, probably Latin-1 or Windows-1252 (line ${lineOfFault(bytes)})`
}

function isUtf8 (bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** The line of the first byte that is wrong. */
function lineOfFault (bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(10, start)
    try {
      decoder.decode(bytes.subarray(start, end === -1 ? bytes.length : end))
    } catch {
      return line
    }
    if (end === -1) break
    start = end + 1
  }
  return line
}
