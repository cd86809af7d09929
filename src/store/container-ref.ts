import { isUuid } from '../domain/values.ts'

/** Tells whether a text is the id or the barcode of a container. A barcode never looks like a UUID. */
export function parseContainerRef (container: string): { id: string, barcode: null } | { id: null, barcode: string } {
  return isUuid(container) ? { id: container, barcode: null } : { id: null, barcode: container }
}
