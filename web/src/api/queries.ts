import { keepPreviousData, QueryClient, queryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { StreamRevision } from './generated/schema.d.ts'
import type { LiveLab } from '../lab/live-lab.ts'
import { api, read, Refusal } from './client.ts'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream says when something changed.
      staleTime: Infinity,
      retry: (failures, error) => failures < 3 && !(error instanceof Refusal && error.problem.status < 500)
    }
  }
})

/** Which reads a kind of event makes old. */
const touched: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(steps?-|alarm-|experiment-)/, ['running', 'alarms', 'history', 'runs', 'steps']],
  [/^(position-reserved|reservation-)/, ['reservations']],
  [/^(added|moved|lidded|unlidded|barcode-set|updated|removed|disposed|corrected|missing|found|restored)$/, ['containers', 'history']],
  [/^(device-|lab-|position-)/, ['containers', 'history', 'reservations', 'running', 'devices']]
]

const debounceMs = 200
/** How long what changed may wait for a write of this page to end. */
const holdMs = 10_000

/** What a sheet asks for by a name that it can change. */
const byName: ReadonlySet<string> = new Set(['devices'])

/**
 * Reads again what a change of the lab made old. A busy lab is read once for many changes. The news of a write may come before its answer. Until the
 * answer is there, the sheet still shows the old name, and reading by it would be a 404. So what is asked for by name waits for the answer.
 */
export function followChanges (lab: LiveLab): () => void {
  /** What is old, and since when. */
  const old = new Map<string, number>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = (): void => {
    timer = undefined
    const isWriting = queries.isMutating() > 0
    for (const [key, since] of old) {
      if (isWriting && byName.has(key) && Date.now() - since < holdMs) continue
      old.delete(key)
      void queries.invalidateQueries({ queryKey: [key] })
    }
    if (old.size > 0) timer = setTimeout(flush, debounceMs)
  }
  return lab.onChange((frame) => {
    for (const key of frame === null ? touched.flatMap(([, keys]) => keys) : keysOf(frame)) if (!old.has(key)) old.set(key, Date.now())
    if (old.size > 0) timer ??= setTimeout(flush, debounceMs)
  })
}

function keysOf ({ events }: StreamRevision): string[] {
  return (events ?? []).flatMap(({ kind }) => touched.filter(([pattern]) => pattern.test(kind)).flatMap(([, keys]) => keys))
}

export function useSession () {
  return useQuery({ queryKey: ['session'], queryFn: async () => await read(api.GET('/api/session')) })
}

// The page Now waits for these two before it shows the map. So they are kept, and who comes back to it sees the map at once.
const running = queryOptions({ queryKey: ['running'], gcTime: Infinity, queryFn: async () => await read(api.GET('/api/steps/running')) })
const alarms = queryOptions({ queryKey: ['alarms'], gcTime: Infinity, queryFn: async () => await read(api.GET('/api/alarms', { params: { query: { limit: 100 } } })) })

/** Asks for what the page Now waits for, before it is drawn. */
export function askForNow (): void {
  // what fails is asked again by the page
  for (const asked of [queries.query(running), queries.query(alarms)]) asked.catch(() => {})
}

export function useRunning () {
  // The state of a step also changes when nothing happens: its bound passes.
  return useQuery({ ...running, refetchInterval: 30_000 })
}

export function useAlarms () {
  return useQuery(alarms)
}

export function useReservations () {
  return useQuery({
    queryKey: ['reservations'], refetchInterval: 60_000,
    queryFn: async () => await read(api.GET('/api/reservations', { params: { query: { limit: 500 } } }))
  })
}

/**
 * One container, by barcode or id, with its ETag; with `at` as it was. Once it is found, it is followed by its id, so that somebody who gives it another
 * barcode does not take it from the page.
 */
export function useContainer (name: string, at: string | null = null) {
  const [followed, follow] = useState({ name, id: name })
  if (followed.name !== name) follow({ name, id: name })
  const container = followed.name === name ? followed.id : name
  const found = useQuery({
    queryKey: ['containers', container, at], placeholderData: keepPreviousData,
    queryFn: async () => {
      const { data, error, response } = await api.GET('/api/containers/{container}', { params: { path: { container }, query: at === null ? {} : { at } } })
      if (error !== undefined) throw new Refusal(error)
      const read = { container: data, etag: response.headers.get('etag') ?? '' }
      // Not when it was asked for by id: this answer may be late, and what the query has newer.
      if (data.id !== container) queries.setQueryData(['containers', data.id, at], read)
      return read
    }
  })
  // What is kept from an earlier look may be the wrong container: another one may have the barcode now.
  const id = found.isPlaceholderData || found.isStale || found.isFetching ? undefined : found.data?.container.id
  if (id !== undefined && id !== container) follow({ name, id })
  return found
}

/** The containers on the platform, page by page: with `removed`, also those that left it. */
export function useContainers (removed: boolean) {
  return useInfiniteQuery({
    queryKey: ['containers', 'list', removed], initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => await read(api.GET('/api/containers', {
      params: { query: { limit: 500, ...removed ? { removed: 'any' as const } : {}, ...pageParam === undefined ? {} : { cursor: pageParam } } }
    })),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined
  })
}

/** What happened to a container. */
export function useHistory (container: string) {
  return useInfiniteQuery({
    queryKey: ['history', container], initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => await read(api.GET('/api/containers/{container}/history', {
      params: { path: { container }, query: { limit: 500, ...pageParam === undefined ? {} : { cursor: pageParam } } }
    })),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined
  })
}

/** The lab as it was: `at` is a revision or a time. */
export function useLabAt (at: string | null) {
  return useQuery({
    queryKey: ['lab', at], enabled: at !== null, retry: false, placeholderData: keepPreviousData,
    queryFn: async () => await read(api.GET('/api/lab', { params: { query: { at: at! } } }))
  })
}
