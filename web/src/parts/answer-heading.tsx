import { useEffect, useRef, type ReactNode } from 'react'

/** The heading of what somebody asked for on this page. It takes the focus when it appears: on a phone the answer is below what is in sight. */
export function AnswerHeading ({ id, children }: { id: string, children: ReactNode }) {
  const ref = useRef<HTMLHeadingElement>(null)
  useEffect(() => { ref.current?.focus() }, [])
  return <h2 ref={ref} id={id} tabIndex={-1}>{children}</h2>
}
