import type { ComponentProps, MouseEvent } from 'react'

/** `isOff`: it can do nothing now. */
type Props = Omit<ComponentProps<'button'>, 'disabled'> & { isOff?: boolean }

/**
 * A key to press. One that can do nothing now still keeps the focus: browsers take it from a button that is `disabled`, and whoever works with the
 * keyboard would begin again at the top of the page.
 */
export function Key ({ isOff = false, type = 'button', className = 'key', onClick, ...others }: Props) {
  function press (event: MouseEvent<HTMLButtonElement>): void {
    if (isOff) event.preventDefault()
    else onClick?.(event)
  }
  return <button {...others} type={type} className={className} aria-disabled={isOff ? true : undefined} onClick={press} />
}
