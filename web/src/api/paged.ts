import { useInfiniteQuery } from '@tanstack/react-query'

type Page<T> = { items: T[], next_cursor: string | null }

/** What the service has at the place of a cursor. */
export type Cursor = { cursor?: string }

/** A list that the service gives page by page. */
export function usePaged<T> (queryKey: readonly unknown[], readPage: (cursor: Cursor) => Promise<Page<T>>, enabled = true) {
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey, enabled, initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam }) => await readPage(pageParam === undefined ? {} : { cursor: pageParam }),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined
  })
  return { items: data?.pages.flatMap(({ items }) => items), error, hasMore: hasNextPage, isFetching, more: () => { void fetchNextPage() } }
}
