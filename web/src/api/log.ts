import { useQuery } from '@tanstack/react-query'
import { api, read } from './client.ts'
import type { EventPage } from './generated/schema.d.ts'
import type { LogFilters } from './log-filters.ts'
import { type Cursor, usePaged } from './paged.ts'

/** The event log, newest first. */
export function useLog (filters: LogFilters) {
  return usePaged(['log', filters], async (cursor) => await readEvents({ limit: 100, ...filters, ...cursor }))
}

/** The newest revisions since a time, oldest first, with what happened in each. */
export function useRevisionsSince (from: string, enabled: boolean) {
  return useQuery({
    queryKey: ['log', 'revisions', from], enabled,
    queryFn: async () => {
      const items = await newestEvents({ recorded_after: from }, 500)
      const revisions = new Map<number, { revision: number, time: number, kinds: string[] }>()
      for (const { revision, recorded_at, kind } of items.reverse()) {
        const known = revisions.get(revision)
        if (known === undefined) revisions.set(revision, { revision, time: Date.parse(recorded_at), kinds: [kind] })
        else known.kinds.push(kind)
      }
      return [...revisions.values()]
    }
  })
}

/** The newest events, also of several pages: a page can end before its limit. */
async function newestEvents (filters: LogFilters, most: number): Promise<EventPage['items']> {
  const items: EventPage['items'] = []
  for (let cursor: Cursor | null = {}; cursor !== null && items.length < most;) {
    const page: EventPage = await readEvents({ limit: most - items.length, ...filters, ...cursor })
    items.push(...page.items)
    cursor = page.next_cursor === null ? null : { cursor: page.next_cursor }
  }
  return items
}

/** Newest first. The call can also answer with CloudEvents, to those who ask for them. */
async function readEvents (query: LogFilters & Cursor & { limit: number }): Promise<EventPage> {
  return await read<EventPage>(api.GET('/api/events', { params: { query: { sort: '-revision', ...query } } }))
}
