import { useEffect, useRef, type ReactNode } from 'react'
import { useLocation } from 'wouter'

type Props = {
  title: string, heading?: ReactNode, tools?: ReactNode, children: ReactNode
  /** Names the page while its address changes. Without it, another address is another page. */
  opened?: string
}

/** A page: its title, and its heading, to which the focus goes when somebody comes from another page. */
export function Page ({ title, heading, tools, children, opened }: Props) {
  const [path] = useLocation()
  const page = opened ?? path
  const ref = useRef<HTMLHeadingElement>(null)
  useEffect(() => { document.title = `${title} · platform-status` }, [title])
  useEffect(() => {
    // Not on the first page: the browser has just put the focus where it belongs.
    if (isFirst) isFirst = false
    // Nor from a slot of a map, if the address leads to one.
    else if (document.activeElement?.closest('[role="grid"]') == null) ref.current?.focus()
  }, [page])
  return (
    <>
      <div className="heading">
        <h1 ref={ref} tabIndex={-1}>{heading ?? title}</h1>
        {tools === undefined ? null : <div className="keys">{tools}</div>}
      </div>
      {children}
    </>
  )
}

let isFirst = true

/** What a page says instead of its content. */
export function Notice ({ children }: { children: ReactNode }) {
  return <p className="notice">{children}</p>
}
