import { useQuery } from '@tanstack/react-query'
import { answered, api, read } from './client.ts'
import { type Guards, guarded, revisionOf, type Signed, signedBy } from './commands.ts'
import type { DeviceCreate, DevicePatch, KeyCreate, KeyCreated, LabConfigResult, LabwareTypePut, PositionPatch, WebhookCreate, WebhookCreated } from './generated/schema.d.ts'
import { usePaged } from './paged.ts'

/** A device with all that is configured of it, and its ETag. */
export function useDevice (name: string) {
  return useQuery({
    queryKey: ['devices', name],
    queryFn: async () => {
      const { data, response } = await answered(api.GET('/api/devices/{device}', { params: { path: { device: name } } }))
      return { device: data, etag: response.headers.get('etag') ?? '' }
    }
  })
}

/** A slot with what may stand in it, and its ETag; with `at` as it was. */
export function useSlot (device: string, position: number, at: string | null) {
  return useQuery({
    queryKey: ['devices', device, position, at],
    queryFn: async () => {
      const { data, response } = await answered(api.GET('/api/devices/{device}/positions/{position}', {
        params: { path: { device, position }, query: at === null ? {} : { at } }
      }))
      return { slot: data, etag: response.headers.get('etag') ?? '' }
    }
  })
}

export async function changeSlot (device: string, position: number, body: PositionPatch, guards: Guards): Promise<number> {
  return revisionOf(await answered(api.PATCH('/api/devices/{device}/positions/{position}', { params: { path: { device, position } }, headers: guarded(guards), body })))
}

export async function addDevice (body: DeviceCreate, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.POST('/api/devices', { headers: guarded(signed), body })))
}

export async function changeDevice (device: string, body: DevicePatch, guards: Guards): Promise<number> {
  return revisionOf(await answered(api.PATCH('/api/devices/{device}', { params: { path: { device } }, headers: guarded(guards), body })))
}

export async function retireDevice (device: string, guards: Guards): Promise<number> {
  return revisionOf(await answered(api.DELETE('/api/devices/{device}', { params: { path: { device } }, headers: guarded(guards) })))
}

/** The lab file as YAML, with its ETag. */
export function useLabFile () {
  return useQuery({
    // Not read again under the hands of somebody who edits it: applying says if it has changed.
    queryKey: ['lab-file'],
    queryFn: async () => {
      const { data, response } = await answered(api.GET('/api/lab/config', { headers: { accept: 'application/yaml' }, parseAs: 'text' }))
      return { text: data, etag: response.headers.get('etag') ?? '' }
    }
  })
}

type LabFile = { text: string, prune: boolean }

function putLabFile ({ text, prune }: LabFile, dry_run: boolean, headers: Record<string, string>) {
  return api.PUT('/api/lab/config', {
    params: { query: { prune, ...dry_run ? { dry_run } : {} } }, headers: { 'content-type': 'application/yaml', ...headers },
    // The file as it is: comments, too.
    body: text as never, bodySerializer: () => text
  })
}

/** What the file would change. Changes nothing. */
export async function tryLabFile (file: LabFile, signed: Pick<Signed, 'badge'>): Promise<LabConfigResult> {
  return await read(putLabFile(file, true, signedBy(signed)))
}

export async function applyLabFile (file: LabFile, guards: Guards): Promise<number> {
  return revisionOf(await answered(putLabFile(file, false, guarded(guards))))
}

export function useLabwareTypes () {
  return usePaged(['labware-types'], async (cursor) => await read(api.GET('/api/labware-types', { params: { query: { limit: 100, ...cursor } } })))
}

export async function putLabwareType (name: string, body: LabwareTypePut, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.PUT('/api/labware-types/{name}', { params: { path: { name } }, headers: guarded(signed), body })))
}

export async function deleteLabwareType (name: string, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.DELETE('/api/labware-types/{name}', { params: { path: { name } }, headers: guarded(signed) })))
}

export function useApiKeys () {
  return usePaged(['keys'], async (cursor) => await read(api.GET('/api/keys', { params: { query: { limit: 100, revoked: 'any', ...cursor } } })))
}

/** Makes a key. Its text is in this answer only. */
export async function makeKey (body: KeyCreate, signed: Signed): Promise<KeyCreated> {
  return await read(api.POST('/api/keys', { headers: signedBy(signed), body }))
}

export async function revokeKey (id: string, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.DELETE('/api/keys/{id}', { params: { path: { id } }, headers: signedBy(signed) })))
}

export function useWebhooks () {
  return usePaged(['webhooks', 'list'], async (cursor) => await read(api.GET('/api/webhooks', { params: { query: { limit: 100, ...cursor } } })))
}

export function useAttempts (id: string) {
  return usePaged(['webhooks', 'attempts', id], async (cursor) => await read(api.GET('/api/webhooks/{id}/attempts', { params: { path: { id }, query: { limit: 50, ...cursor } } })))
}

/** Makes a webhook. Its secret is in this answer only. */
export async function makeWebhook (body: WebhookCreate, signed: Signed): Promise<WebhookCreated> {
  return await read(api.POST('/api/webhooks', { headers: signedBy(signed), body }))
}

export async function switchWebhook (id: string, disabled: boolean, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.PATCH('/api/webhooks/{id}', { params: { path: { id } }, headers: guarded(signed), body: { disabled } })))
}

export async function deleteWebhook (id: string, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.DELETE('/api/webhooks/{id}', { params: { path: { id } }, headers: guarded(signed) })))
}

export async function testWebhook (id: string, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.POST('/api/webhooks/{id}/test', { params: { path: { id } }, headers: guarded(signed) })))
}

/** Delivers again from a revision; without one, tries the next message at once. */
export async function redeliver (id: string, from_revision: number | null, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.POST('/api/webhooks/{id}/redeliver', {
    params: { path: { id } }, headers: guarded(signed), body: from_revision === null ? {} : { from_revision }
  })))
}

export function useLabHealth () {
  return useQuery({ queryKey: ['lab-health'], refetchInterval: 60_000, queryFn: async () => await read(api.GET('/api/lab/health')) })
}

export function useReady () {
  return useQuery({ queryKey: ['ready'], refetchInterval: 30_000, queryFn: async () => await read(api.GET('/health/ready')) })
}
