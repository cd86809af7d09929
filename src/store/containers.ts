import { isUuid } from '../domain/values.ts'
import { problem } from '../problems.ts'
import type { Container, Move } from '../routes/containers/schemas.ts'
import { type By, statement } from './commands.ts'
import type { Database } from './database.ts'
import { refusalDetail } from './refusals.ts'

/** Containers and lids. The commands are the functions of the migration `world_commands`, one call each. */
export function containerStore ({ pool }: Database) {
  return {
    async read (container: string): Promise<Container> {
      const { id, barcode } = naming(container)
      const [found] = await statement<Container>(pool, id === null
        ? 'SELECT * FROM container_state WHERE barcode = $1 AND removed_at IS NULL'
        : 'SELECT * FROM container_state WHERE id = $1', [id ?? barcode])
      if (found === undefined) throw notFound(container)
      return found
    },

    async move (container: string, move: Move, by: By): Promise<Container> {
      const { id, barcode } = naming(container)
      const [moved] = await statement<Container>(pool, 'SELECT * FROM move_container($1, $2, $3, $4, $5, $6, $7)',
        [id, barcode, move.source_device, move.source_pos, move.target_device, move.target_pos, by])
      return moved!
    }
  }
}

/** A container is named by its id or by the barcode of one on the platform; barcodes are never shaped like ids. */
export function naming (container: string): { id: string, barcode: null } | { id: null, barcode: string } {
  return isUuid(container) ? { id: container, barcode: null } : { id: null, barcode: container }
}

function notFound (container: string) {
  return problem('container-not-found', refusalDetail('container-not-found', { container }), { container, parameter: 'container' })
}
