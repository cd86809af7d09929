import { useSyncExternalStore } from 'react'

/** Makes a hook that says whether this media query is true now. */
function asked (query: string): () => boolean {
  const answer = matchMedia(query)
  const subscribe = (listener: () => void): () => void => {
    answer.addEventListener('change', listener)
    return () => answer.removeEventListener('change', listener)
  }
  return () => useSyncExternalStore(subscribe, () => answer.matches)
}

/** Whether the window is as narrow as that of a phone. The width is that of the style sheet. */
export const useIsPhone = asked('(max-width: 40rem)')

/** Whether it is used by fingers. The style sheet then makes everything larger. */
export const useIsTouch = asked('(pointer: coarse)')
