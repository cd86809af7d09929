import { useEffect } from 'react'
import { useSearchParams } from 'wouter'
import { Page } from '../../parts/page.tsx'
import { Overview } from './overview.tsx'

/** The same as Now for a screen on the wall: nothing can be opened. `?devices=A,B` shows some devices only, `?scale=1.4` makes it larger, `?theme=dark` is for the night. */
export function WallPage () {
  const [search] = useSearchParams()
  const devices = search.get('devices')
  const scale = Number(search.get('scale') ?? 1)
  const theme = search.get('theme')
  useEffect(() => {
    const { style, dataset } = document.documentElement
    if (scale >= 0.5 && scale <= 4) style.fontSize = `${scale * 100}%`
    if (theme === 'dark' || theme === 'light') dataset.theme = theme
    return () => {
      style.fontSize = ''
      delete dataset.theme
    }
  }, [scale, theme])
  return <Page title="Wall" heading="The lab now"><Overview isPlain {...devices === null ? {} : { only: devices.split(',') }} /></Page>
}
