import { useEffect, useId, useRef, type ReactNode } from 'react'

/** A sheet over the page. The browser keeps the focus in it, and Esc closes it. Afterwards the focus is where it was before. */
export function Sheet ({ title, onClose, children }: { title: string, onClose: () => void, children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const opener = document.activeElement
    dialog.current?.showModal()
    return () => { if (opener instanceof HTMLElement && opener.isConnected) opener.focus() }
  }, [])
  return (
    <dialog ref={dialog} className="sheet" aria-labelledby={id} onClose={onClose}>
      <h2 id={id} tabIndex={-1}>{title}</h2>
      {children}
    </dialog>
  )
}
