/** The header `Link` of a page that is no JSON: the same URL with another cursor. */
export function nextPageOf (url: string, cursor: string): string {
  const { pathname, searchParams } = new URL(url, 'http://lab')
  searchParams.set('cursor', cursor)
  return `<${pathname}?${searchParams.toString()}>; rel="next"`
}
