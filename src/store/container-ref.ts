import { isUuid } from '../domain/values.ts'

/** A container is named by its id or by the barcode of one on the platform; barcodes are never shaped like ids. */
export function parseContainerRef (container: string): { id: string, barcode: null } | { id: null, barcode: string } {
  return isUuid(container) ? { id: container, barcode: null } : { id: null, barcode: container }
}
