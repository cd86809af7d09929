import t from 'tap'
import { sanitizeDeviceName, sanitizeName, readBarcode } from '../../src/import/sanitize-names.ts'

t.test('names lose what they cannot have, and nothing else', (t) => {
  t.equal(sanitizeName('Plate 7'), 'Plate 7')
  t.equal(sanitizeName(' a\tb\n'), 'a b')
  t.equal(sanitizeName('x'.repeat(201)), 'x'.repeat(200))
  t.equal(sanitizeName('\n \t'), null)
  t.equal(sanitizeDeviceName('..', 3), 'device 3')
  t.equal(sanitizeDeviceName('', 4), 'device 4')
  t.end()
})

t.test('a barcode stays one, or is corrected, or becomes a name', (t) => {
  t.strictSame(readBarcode('SCREEN_1'), { barcode: 'SCREEN_1', name: 'SCREEN_1', settled: null })
  t.match(readBarcode(' SCREEN_1'), { barcode: 'SCREEN_1', settled: 'barcode-unusable' })
  t.match(readBarcode('..'), { barcode: null, name: '..', settled: 'barcode-unusable' })
  t.match(readBarcode('\n'), { barcode: null, name: null, settled: 'barcode-unusable' })
  t.match(readBarcode('None'), { barcode: null, name: null, settled: 'barcode-none' })
  t.match(readBarcode(''), { barcode: null, name: null, settled: 'barcode-none' })
  t.match(readBarcode(' 0f9b1a52-5c6e-4b1c-9d0e-0d8a4f2f7c11'), { barcode: null, name: '0f9b1a52-5c6e-4b1c-9d0e-0d8a4f2f7c11', settled: 'barcode-unusable' })
  t.end()
})
