import { X509Certificate } from 'node:crypto'

/** In characters. A chain has a few certificates of a few KiB. */
export const maxCertificateLength = 100_000

const block = /-----BEGIN ([^-\n]+)-----[\s\S]*?-----END \1-----/g

/** Why a text is not a certificate or certificate chain in PEM; null if it is. */
export function certificateFault (text: string): string | null {
  if (text.length > maxCertificateLength) return `must not be longer than ${maxCertificateLength} characters`
  if (text.includes('\u0000')) return 'must not contain the character NUL (U+0000)'
  if (/-----BEGIN [^-\n]*PRIVATE KEY-----/.test(text)) return 'contains a private key, which must not be sent: send only the certificate'
  const blocks = [...text.matchAll(block)]
  if (blocks.length === 0) return 'must be a certificate in PEM: a block from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----'
  if (text.match(/-----(BEGIN|END) /g)!.length !== 2 * blocks.length) return 'contains a block without its BEGIN or END line'
  const other = blocks.find(([, label]) => label !== 'CERTIFICATE')
  if (other !== undefined) return `contains a block "${other[1]}": send only certificates`
  const broken = blocks.findIndex(([pem]) => !isCertificate(pem))
  return broken === -1 ? null : `contains a block that is not a certificate (number ${broken + 1})`
}

function isCertificate (pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}
