import { useLocation } from 'wouter'
import { BadgeSignIn } from './badge-sign-in.tsx'
import { Page } from '../parts/page.tsx'

/** Instead of a page: this service needs a key. */
export function SignInNotice () {
  const [path] = useLocation()
  const what = path.startsWith('/labware') ? 'the labware' : 'the lab'
  return (
    <Page title={`Sign in to see ${what}`}>
      <p>This service needs a key. Scan your badge, or sign in with the key.</p>
      <BadgeSignIn />
      <p><a className="key" href={`/sign-in?to=${encodeURIComponent(path)}`}>sign in</a></p>
    </Page>
  )
}
