import Type from 'typebox'
import type { App } from '../../app.ts'
import { certificateFault, longestCertificate } from '../../domain/certificate.ts'
import { textOf } from '../../plugins/body-parsers.ts'
import { invalid, problem } from '../../contract/problems.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { noQuery, ref } from '../../contract/common.ts'
import { accepted } from '../accept.ts'
import { by } from '../audit.ts'
import { DeviceParams } from '../../contract/devices.ts'

const pemTypes = ['application/x-pem-file', 'text/plain'] as const

// self-signed, of a key that was thrown away
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

const Pem = Type.String({
  $id: 'Pem', maxLength: longestCertificate, description: 'A certificate in PEM, or a chain of them. No private keys.',
  examples: [aCertificate]
})

const Certificate = Type.Object({ certificate: ref(Pem) }, {
  $id: 'Certificate', additionalProperties: false, description: 'A server certificate, as JSON.',
  examples: [{ certificate: aCertificate }]
})

export const certificateSchemas = [Pem, Certificate]

const asPemOrJson = {
  content: { ...Object.fromEntries(pemTypes.map((type) => [type, { schema: ref(Pem) }])), 'application/json': { schema: ref(Certificate) } }
}

/** The server certificates of devices, by which their clients know them. */
export async function certificate (app: App): Promise<void> {
  const { store } = app
  app.addContentTypeParser([...pemTypes], { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => textOf(body))
  app.addContentTypeParser('*', async () => {
    throw problem('unsupported-media-type', 'Send the certificate as application/x-pem-file or text/plain, or as application/json.', { supported: [...pemTypes, 'application/json'] })
  })

  app.get('/devices/:device/certificate', {
    config: { etag: true },
    schema: {
      operationId: 'getCertificate', tags: ['devices'], summary: 'The server certificate of a device',
      description: 'As PEM, or as JSON when `Accept` asks for it.',
      params: DeviceParams, querystring: noQuery,
      response: {
        200: Type.Unsafe<string | { certificate: string }>({ description: 'The certificate as it was put.', ...asPemOrJson }),
        ...problems('device-not-found', 'no-certificate')
      }
    }
  }, async ({ params, headers }, reply) => {
    const certificate = await store.certificates.read(params.device)
    const type = accepted(headers.accept, [...pemTypes, 'application/json'])
    reply.type(`${type}; charset=utf-8`).header('vary', 'accept')
    return type === 'application/json' ? { certificate } : certificate
  })

  app.put('/devices/:device/certificate', {
    config: { scope: 'admin', changes: 'certificate' },
    schema: {
      operationId: 'putCertificate', tags: ['devices'], summary: 'Store the server certificate of a device',
      description: 'PEM text, or JSON with it as `certificate`. A chain of several is fine; private keys are refused.',
      params: DeviceParams, querystring: noQuery, body: asPemOrJson,
      response: { 204: Type.Null({ description: 'Stored.' }), ...bodyProblems('device-not-found') }
    }
  }, async (request, reply) => {
    const { body } = request as { body: string | { certificate: string } | null | undefined }
    const isText = typeof body === 'string'
    const pem = isText ? body : body?.certificate ?? ''
    const fault = certificateFault(pem)
    if (fault !== null) throw invalid({ in: 'body', pointer: isText ? '' : '/certificate', detail: fault })
    await store.certificates.put(request.params.device, pem, by(request))
    reply.code(204)
  })

  app.delete('/devices/:device/certificate', {
    config: { scope: 'admin', changes: 'certificate' },
    schema: {
      operationId: 'deleteCertificate', tags: ['devices'], summary: 'Forget the server certificate of a device',
      description: 'The certificate itself is not kept in the history.',
      params: DeviceParams, querystring: noQuery,
      response: { 204: Type.Null({ description: 'Forgotten.' }), ...problems('device-not-found', 'no-certificate') }
    }
  }, async (request, reply) => {
    await store.certificates.remove(request.params.device, by(request))
    reply.code(204)
  })
}
