import { useSyncExternalStore } from 'react'

const phone = matchMedia('(max-width: 40rem)')

/** Whether the window is as narrow as that of a phone. The width is that of the style sheet. */
export function useIsPhone (): boolean {
  return useSyncExternalStore(onPhoneChange, () => phone.matches)
}

function onPhoneChange (listener: () => void): () => void {
  phone.addEventListener('change', listener)
  return () => phone.removeEventListener('change', listener)
}
