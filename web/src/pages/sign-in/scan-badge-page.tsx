import { BadgeSignIn } from '../../app/badge-sign-in.tsx'
import { Page } from '../../parts/page.tsx'

/** For the page that signs in with a typed key: there is no camera on it. */
export function ScanBadgePage () {
  return (
    <Page title="Scan your badge">
      <p>A scanner that types works at once. Without one, use the camera, or take a photo of the badge.</p>
      <BadgeSignIn />
      <p><a className="key" href="/sign-in">Type the key instead</a></p>
    </Page>
  )
}
