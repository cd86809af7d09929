import { useEffect } from 'react'

const reachable = 'a[href], button, input, select, textarea, summary, [tabindex="0"]'

/**
 * When what has the focus goes away, because it was recorded, sent or changed by somebody else, the focus goes to what is nearest to it and still there;
 * at last to the heading of the page. The browser would put it at the top of the page, and whoever works with the keyboard would begin again.
 */
export function useKeptFocus (): void {
  useEffect(() => {
    /** What had the focus last, and what it is in, from the inside out. */
    let last: HTMLElement[] = []
    let isSeen = false
    function onFocus ({ target }: FocusEvent): void {
      last = []
      // Whoever points with a finger or a mouse looks at the place, which must not move.
      isSeen = target instanceof Element && target.matches(':focus-visible')
      for (let one = target instanceof HTMLElement ? target : null; one !== null && one !== document.body; one = one.parentElement) last.push(one)
    }
    const observer = new MutationObserver(() => {
      const [had, ...around] = last
      if (had === undefined || had.isConnected || (document.activeElement !== document.body && document.activeElement !== null)) return
      last = []
      const open = around.find((one) => one.isConnected && one.closest('main, dialog') !== null && one.tagName !== 'MAIN' && one.querySelector(reachable) !== null)
      const next = open?.querySelector<HTMLElement>(reachable) ?? document.querySelector<HTMLElement>('dialog[open] h2, main h1')
      next?.focus({ preventScroll: !isSeen })
    })
    addEventListener('focusin', onFocus)
    observer.observe(document.body, { childList: true, subtree: true })
    return () => {
      removeEventListener('focusin', onFocus)
      observer.disconnect()
    }
  }, [])
}
