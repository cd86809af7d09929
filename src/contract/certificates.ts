import Type from 'typebox'
import { maxCertificateLength } from '../domain/certificate.ts'
import { ref } from './common.ts'

/** The media types of a certificate as PEM text. */
export const pemTypes = ['application/x-pem-file', 'text/plain'] as const

// Self-signed. Its private key was deleted.
const aCertificate = `-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUfSTIldyUYDb4E1eJkQao3m0QA18wCgYIKoZIzj0EAwIw
HzEOMAwGA1UEAwwFU2lMQTIxDTALBgNVBAoMBHRlc3QwIBcNMjYxMTIzMTEwMDMx
WhgPMjEyNjEwMzAxMTAwMzFaMB8xDjAMBgNVBAMMBVNpTEEyMQ0wCwYDVQQKDAR0
ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEz8WSOAq4McQW1Lu09UP3WJCf
Nx6cxgSpqCEvf0sooJf8QqAqXNLtxcbOqeSP06XwF3RgQVpQ1YiKLgjAxeo2K6NT
MFEwHQYDVR0OBBYEFGfAsNoufHnrvjMKqpF350G4m89CMB8GA1UdIwQYMBaAFGfA
sNoufHnrvjMKqpF350G4m89CMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
RwAwRAIgFsZyMPFOdus2C2KYcZWeljE790GivSlSB2+9nrPtmEUCIGYwUAenXxXO
1afuF1QALPBCkL72uq6j/ZUjT20+2W1/
-----END CERTIFICATE-----
`

export const Pem = Type.String({
  $id: 'Pem', maxLength: maxCertificateLength, description: 'A certificate or a certificate chain in PEM format. Private keys are refused.',
  examples: [aCertificate]
})

export const Certificate = Type.Object({ certificate: ref(Pem, 'The certificate.') }, {
  $id: 'Certificate', additionalProperties: false, description: 'A server certificate as JSON.',
  examples: [{ certificate: aCertificate }]
})

export const certificateSchemas = [Pem, Certificate]

/** A request or response body with a certificate, as PEM text or as JSON. */
export const asPemOrJson = {
  content: { ...Object.fromEntries(pemTypes.map((type) => [type, { schema: ref(Pem) }])), 'application/json': { schema: ref(Certificate) } }
}
