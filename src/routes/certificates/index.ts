import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { asPemOrJson, pemTypes } from '../../contract/certificates.ts'
import { noQuery } from '../../contract/common.ts'
import { DeviceParams } from '../../contract/devices.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { invalid, problem } from '../../contract/problems.ts'
import { certificateFault } from '../../domain/certificate.ts'
import { decodeUtf8 } from '../../plugins/body-parsers.ts'
import { auditOf } from '../audit.ts'
import { negotiate } from '../negotiate.ts'

/** The server certificates of devices, by which their clients know them. */
export const certificateRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app
  app.addContentTypeParser([...pemTypes], { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => decodeUtf8(body))
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
  }, async (request, reply) => {
    const certificate = await store.certificates.read(request.params.device)
    const type = negotiate(request, reply, [...pemTypes, 'application/json'])
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
    await store.certificates.put(request.params.device, pem, auditOf(request))
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
    await store.certificates.remove(request.params.device, auditOf(request))
    reply.code(204)
  })
}
