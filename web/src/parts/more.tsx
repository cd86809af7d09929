/** A key below a list, when the service has more of it. */
export function More ({ list: { hasMore, isFetching, more } }: { list: { hasMore: boolean, isFetching: boolean, more: () => void } }) {
  return hasMore ? <button className="key" disabled={isFetching} onClick={more}>{isFetching ? 'reading ...' : 'Show more'}</button> : null
}
