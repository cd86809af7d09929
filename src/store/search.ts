import { invalid } from '../contract/problems.ts'
import type { FoundItem, SearchQuery } from '../contract/search.ts'
import { placeIn } from '../domain/place-text.ts'
import { isUuid } from '../domain/values.ts'
import { runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { type FoundRow, searchSql } from './search.sql.ts'

/** Finds everything that a text can mean. */
export function searchStore ({ pool }: Database) {
  return {
    /** The most exact first. Throws a 400 for a text without characters. */
    async find ({ q, limit = 20 }: SearchQuery): Promise<FoundItem[]> {
      const text = q.trim()
      if (text === '') throw invalid({ in: 'query', parameter: 'q', detail: 'must not be only spaces' })
      const place = placeIn(text)
      const rows = await runPrepared<FoundRow>(pool, searchSql, [text, isUuid(text) ? text : null, place?.device ?? null, place?.position ?? null, limit])
      return rows.map(({ revision, ...item }) => ({ ...item, url: urlOf(item, revision) }))
    }
  }
}

function urlOf ({ kind, id, where }: Omit<FoundItem, 'url'>, revision: number | null): string {
  switch (kind) {
    case 'position': return `/api/devices/${encodeURIComponent(where!.device)}/positions/${where!.position!}`
    case 'device': return `/api/devices/${encodeURIComponent(where!.device)}`
    case 'revision': return `/api/events?after=${revision! - 1}`
    case 'process': return `/api/processes/${id!}`
    default: return `/api/${kind}s/${id!}`
  }
}
