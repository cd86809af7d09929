import { type ComponentType, lazy, type LazyExoticComponent } from 'react'
import { untilLoaded } from './until-loaded.ts'

/**
 * A part of the page that is loaded when it is first shown. While there is no connection it is tried again, and what stands for it meanwhile stays; an
 * error would take the whole page away, also from somebody who only wants to read what is on it.
 */
export function lazyPart<Props> (load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => ({ default: await untilLoaded(load, connectionOrTime) }))
}

/** Waits so long, or until the browser says that there is a connection. */
async function connectionOrTime (waitMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, waitMs)
    addEventListener('online', done)
    function done (): void {
      clearTimeout(timer)
      removeEventListener('online', done)
      resolve()
    }
  })
}
