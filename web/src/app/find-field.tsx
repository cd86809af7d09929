import { useRef, type SyntheticEvent } from 'react'
import { useLocation } from 'wouter'
import { couldBeKey } from './badge.ts'
import { useTakeScan } from './use-take-scan.ts'

/** One field for a barcode, a name, a place or an id. Scanners that type end with Enter. */
export function FindField () {
  const [, go] = useLocation()
  const take = useTakeScan()
  const field = useRef<HTMLInputElement>(null)
  function find (event: SyntheticEvent): void {
    event.preventDefault()
    const query = field.current!.value.trim()
    if (couldBeKey(query)) {
      field.current!.value = ''
      take(query)
    } else if (query !== '') go(`/find?q=${encodeURIComponent(query)}`)
  }
  return (
    <form role="search" className="find" onSubmit={find}>
      <input ref={field} id="find" type="search" name="q" aria-label="Find a barcode, a name or a place" placeholder="find, or scan a barcode" autoComplete="off" enterKeyHint="search" maxLength={512} />
      <button>Find</button>
    </form>
  )
}
