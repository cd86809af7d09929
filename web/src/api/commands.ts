import type { ContainerCorrection, Place } from './generated/schema.d.ts'
import { answered, api } from './client.ts'

/** Who signs a request, and its own key. With a badge, whoever it belongs to signs this one request, and not the screen. */
export type Signed = { key: string, badge?: string | undefined }
export type Guards = Signed & { etag?: string | undefined }

/** A key that is sent counts, and not the session beside it. */
export function signedBy ({ badge }: Pick<Signed, 'badge'>): Record<string, string> {
  return badge === undefined ? {} : { Authorization: `Bearer ${badge}` }
}

// Each write has an Idempotency-Key, so a repetition after a lost answer is not done twice, and where something was looked at before, If-Match.
export function guarded ({ key, etag, badge }: Guards): Record<string, string> {
  return { ...signedBy({ badge }), 'Idempotency-Key': key, ...etag === undefined ? {} : { 'If-Match': etag } }
}

// Each returns the revision of the lab behind it. The page shows the change when it has come to this revision, not before.
export function revisionOf ({ response }: { response: Response }): number {
  return Number(response.headers.get('lab-revision') ?? 0)
}

/** Records what a person sees of a container. */
export async function correct (container: string, body: ContainerCorrection, guards: Guards): Promise<number> {
  return revisionOf(await answered(api.POST('/api/containers/{container}/correct', { params: { path: { container } }, headers: guarded(guards), body })))
}

/** Says that somebody is at an alarm. */
export async function acknowledge (id: string, note: string, signed: Signed): Promise<void> {
  await answered(api.POST('/api/alarms/{id}/acknowledge', { params: { path: { id } }, headers: guarded(signed), body: { note } }))
}

/** Says that nobody knows where these containers are. */
export async function sayMissing (containers: string[], reason: string, signed: Signed): Promise<number> {
  return revisionOf(await answered(api.POST('/api/arrangements', { headers: guarded(signed), body: { reason, items: [], missing: containers } })))
}

/** Records a move from where the container is tracked. */
export async function move (container: string, from: Place, to: Place, guards: Guards): Promise<number> {
  const body = { source_device: from.device, source_pos: from.position, target_device: to.device, target_pos: to.position }
  return revisionOf(await answered(api.POST('/api/containers/{container}/move', { params: { path: { container } }, headers: guarded(guards), body })))
}

/** Records that the lid was taken off and parked. */
export async function lidOff (container: string, to: Place, guards: Guards): Promise<number> {
  const body = { lid_device: to.device, lid_pos: to.position }
  return revisionOf(await answered(api.POST('/api/containers/{container}/unlid', { params: { path: { container } }, headers: guarded(guards), body })))
}

/** Records that the lid was put on. */
export async function lidOn (container: string, guards: Guards): Promise<number> {
  return revisionOf(await answered(api.POST('/api/containers/{container}/lid', { params: { path: { container } }, headers: guarded(guards), body: {} })))
}

/** Records the barcode on a container; null if it has none. */
export async function label (container: string, barcode: string | null, guards: Guards): Promise<number> {
  return revisionOf(await answered(api.PATCH('/api/containers/{container}', { params: { path: { container } }, headers: guarded(guards), body: { barcode } })))
}

/** Records that a container left the platform. */
export async function takeOff (container: string, reason: string, guards: Guards): Promise<number> {
  return revisionOf(await answered(api.DELETE('/api/containers/{container}', { params: { path: { container }, query: { reason } }, headers: guarded(guards) })))
}
