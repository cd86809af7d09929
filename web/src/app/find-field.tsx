import { useRef, type SyntheticEvent } from 'react'
import { useLocation } from 'wouter'

/** One field for a barcode, a name, a place or an id. Scanners that type end with Enter. */
export function FindField () {
  const [, go] = useLocation()
  const field = useRef<HTMLInputElement>(null)
  function find (event: SyntheticEvent): void {
    event.preventDefault()
    const query = field.current!.value.trim()
    if (query !== '') go(`/find?q=${encodeURIComponent(query)}`)
  }
  return (
    <form role="search" className="find" onSubmit={find}>
      <input ref={field} id="find" type="search" name="q" aria-label="Find a barcode, a name or a place" placeholder="find, or scan a barcode" autoComplete="off" enterKeyHint="search" maxLength={200} />
      <button>Find</button>
    </form>
  )
}
