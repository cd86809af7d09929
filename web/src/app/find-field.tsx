import { useRef, type SyntheticEvent } from 'react'
import { useLocation } from 'wouter'
import { useLab } from '../lab/lab-context.ts'
import { isBadge, signInWithBadge } from './badge.ts'

/** One field for a barcode, a name, a place or an id. Scanners that type end with Enter. */
export function FindField () {
  const [, go] = useLocation()
  const lab = useLab()
  const field = useRef<HTMLInputElement>(null)
  function find (event: SyntheticEvent): void {
    event.preventDefault()
    const query = field.current!.value.trim()
    if (isBadge(query)) {
      field.current!.value = ''
      void signInWithBadge(query, lab.get().link.state === 'signed-out')
    } else if (query !== '') go(`/find?q=${encodeURIComponent(query)}`)
  }
  return (
    <form role="search" className="find" onSubmit={find}>
      <input ref={field} id="find" type="search" name="q" aria-label="Find a barcode, a name or a place" placeholder="find, or scan a barcode" autoComplete="off" enterKeyHint="search" maxLength={200} />
      <button>Find</button>
    </form>
  )
}
