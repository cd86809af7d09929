import t from 'tap'
import { certificateFault } from '../../src/domain/certificate.ts'
import { aCertificate } from '../support/certificate.ts'

t.test('a certificate is what OpenSSL can read', async (t) => {
  t.equal(certificateFault(aCertificate), null)
  t.equal(certificateFault(aCertificate.replaceAll('\n', '\r\n')), null)
  t.equal(certificateFault(aCertificate + aCertificate), null, 'a chain')
  t.equal(certificateFault(`subject=CN=SiLA2\n\n${aCertificate}`), null, 'with the words that openssl writes before it')
})

t.test('all else is told what it is', async (t) => {
  const [begin, end] = ['-----BEGIN CERTIFICATE-----\n', '-----END CERTIFICATE-----\n']
  t.match(certificateFault(''), /must be a certificate in PEM/)
  t.match(certificateFault('hello'), /must be a certificate in PEM/)
  t.match(certificateFault(begin), /must be a certificate in PEM/)
  t.match(certificateFault(`${begin}${Buffer.from('not a certificate').toString('base64')}\n${end}`), /number 1/)
  t.match(certificateFault(`${aCertificate}${begin}!!!\n${end}`), /number 2/)
  t.match(certificateFault(aCertificate + begin), /without its BEGIN or END line/)
  t.match(certificateFault(aCertificate + end), /without its BEGIN or END line/)
  t.match(certificateFault(`${aCertificate}-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n`), /private key/)
  t.match(certificateFault(aCertificate.replaceAll('CERTIFICATE', 'PUBLIC KEY')), /"PUBLIC KEY"/)
  t.match(certificateFault(`${aCertificate}\u0000`), /NUL/)
  t.match(certificateFault(aCertificate.repeat(200)), /longer/)
})
