import { useSearchParams } from 'wouter'

/** What the address says after `?`, and to change one word of it: what a page shows is in its address, so it is a link. */
export function useSearch (): [URLSearchParams, (name: string, value: string) => void] {
  const [search, setSearch] = useSearchParams()
  return [search, (name, value) => setSearch((now) => {
    const next = new URLSearchParams(now)
    if (value === '') next.delete(name)
    else next.set(name, value)
    return next
  }, { replace: true })]
}
