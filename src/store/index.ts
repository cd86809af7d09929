import { containerStore } from './containers.ts'
import type { Database } from './database.ts'
import { labStore } from './lab.ts'

export type Store = ReturnType<typeof openStore>

/** Everything that is kept, by noun. */
export function openStore (database: Database) {
  return {
    lab: labStore(database),
    containers: containerStore(database)
  }
}
