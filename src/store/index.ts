import { containerStore } from './containers.ts'
import type { Database } from './database.ts'

export type Store = ReturnType<typeof openStore>

/** Everything that is kept, by noun. */
export function openStore (database: Database) {
  return {
    containers: containerStore(database)
  }
}
