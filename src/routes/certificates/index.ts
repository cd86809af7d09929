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

/** The server certificates of devices. */
export const certificateRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app
  app.addContentTypeParser([...pemTypes], { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => decodeUtf8(body))
  app.addContentTypeParser('*', async () => {
    throw problem('unsupported-media-type', 'Send the certificate as application/x-pem-file or text/plain, or as application/json.', { supported: [...pemTypes, 'application/json'] })
  })

  app.get('/devices/:device/certificate', {
    config: { etag: true },
    schema: {
      operationId: 'getCertificate', tags: ['devices'], summary: 'Read the server certificate of a device',
      description: 'Returned as PEM text, or as JSON if `Accept` asks for it.',
      params: DeviceParams, querystring: noQuery,
      response: {
        200: Type.Unsafe<string | { certificate: string }>({ description: 'The certificate, exactly as it was stored.', ...asPemOrJson }),
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
      description: 'Send PEM text, or JSON with the PEM text as `certificate`. Certificate chains are accepted. Private keys are refused.',
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
      operationId: 'deleteCertificate', tags: ['devices'], summary: 'Delete the server certificate of a device',
      description: 'The event log records the deletion, but does not keep the certificate.',
      params: DeviceParams, querystring: noQuery,
      response: { 204: Type.Null({ description: 'Deleted.' }), ...problems('device-not-found', 'no-certificate') }
    }
  }, async (request, reply) => {
    await store.certificates.remove(request.params.device, auditOf(request))
    reply.code(204)
  })
}
