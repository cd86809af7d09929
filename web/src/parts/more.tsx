import { Key } from './key.tsx'

/** A key below a list, when the service has more of it. */
export function More ({ list: { hasMore, isFetching, more } }: { list: { hasMore: boolean, isFetching: boolean, more: () => void } }) {
  return hasMore ? <Key isOff={isFetching} onClick={more}>{isFetching ? 'reading ...' : 'Show more'}</Key> : null
}
